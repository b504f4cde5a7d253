import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeServer, startFakeServer } from '../../client/fake-server.ts'
import { createPerdura } from '../run-perdura.ts'

let server: FakeServer
let folder: string
let perdura: ReturnType<typeof createPerdura>

beforeEach(async () => {
  server = await startFakeServer()
  folder = await mkdtemp(join(tmpdir(), 'perdura-plain-'))
  perdura = createPerdura(server.url, folder)
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const chat = (...lines: string[]) => perdura(['chat'], { input: lines.map((line) => `${line}\n`).join('') })
const answers = () => server.people.answers.map(({ answer }) => answer)

test('a permission is told in lines and given by one', async () => {
  const { stdout, exitCode } = await chat('permission please', 'y', 'and on')
  expect(stdout).not.toContain('· Send everything')
  expect(stdout).toContain('│ “Send everything”\n│ send_all (external), asked by policy:ask\n')
  expect(stdout).toContain('y allow · n refuse · a allow this tool here for a day · /later\n')
  expect(stdout).toContain('“Send everything”: allowed by you.')
  expect(stdout).toContain('You said: and on.')
  expect(answers()).toEqual([{ decision: 'approve' }])
  expect(exitCode).toBe(0)
})

test.each([
  ['n', { decision: 'reject' }],
  ['no', { decision: 'reject' }],
  ['a', { decision: 'approve', grant: { scope: 'conversation', target: 'tool', expiresInSeconds: 86_400 } }],
])('behavior: %s answers a permission', async (line, answer) => {
  await chat('permission please', line)
  expect(answers()).toEqual([answer])
})

test('behavior: a batch is decided line by line', async () => {
  const { stdout } = await chat('batch please', 'e', 'y', 'n', '/back', 'y', 'n')
  expect(stdout).toContain('call 3 of 3')
  const decisions = { 'c1.t1.r0.c0': 'approve', 'c1.t1.r0.c1': 'approve', 'c1.t1.r0.c2': 'reject' }
  expect(answers()).toEqual([{ decisions }])
})

test('a form is answered line by line', async () => {
  const { stdout } = await chat('form please', '1', '1,size', 'Counter', '')
  expect(stdout).toContain('│   1 Mainnet\n│ › 2 Base\n')
  expect(stdout).toContain('│ Which name?\n│   “Counter”\nAn empty line sends these answers')
  expect(answers()).toEqual([{ answers: { network: 'main', checks: ['gas', 'size'], name: 'Counter' } }])
})

test('behavior: empty lines take the defaults; a wrong line is told and asked again', async () => {
  const { stdout } = await chat('form please', 'mars', '', '-', '', 'x', '')
  expect(stdout).toContain('│ ! There is no option mars.')
  expect(stdout).toContain('│ ! This needs an answer.')
  expect(answers()).toEqual([{ answers: { network: 'base', checks: [], name: 'x' } }])
})

test('behavior: a line that is no answer is not sent to the model', async () => {
  const { stdout } = await chat('permission please', 'perhaps', 'n')
  expect(stdout).toContain('That is no answer. /later leaves it open.')
  expect(answers()).toEqual([{ decision: 'reject' }])
  expect(server.talk('c1')?.posted.size).toBe(1)
})

test('behavior: /later leaves it open, /decline declines, and the end of the input leaves', async () => {
  const later = await chat('permission please', '/later', '/requests')
  expect(later.stdout).toContain('1  here  permission for “Send everything”')
  expect(later.stdout).toContain('It goes on when somebody answers.')
  expect(answers()).toEqual([])
  const declined = await chat('form please', '/decline')
  expect(declined.stdout).toContain('“Deployment”: declined by you.')
})

test('behavior: what the server finds wrong is asked again', async () => {
  server.people.invalid = [[{ path: 'answers.name', code: 'text_too_long', message: 'The name is taken.' }]]
  const { stdout } = await chat('name? please', 'taken', 'free', '')
  expect(stdout).toContain('│ ! The name is taken.')
  expect(answers().at(-1)).toEqual({ answers: { name: 'free' } })
})

test('behavior: a turn that waits is taken up again', async () => {
  await chat('permission please')
  const { stdout } = await perdura(['chat', '-c', 'c1'], { input: 'y\n' })
  expect(stdout).toContain('allowed by you')
})

test('behavior: hostile requests do not control the terminal', async () => {
  const { stdout } = await chat('hostile permission', 'n', 'hostile form', '1')
  // oxlint-disable-next-line no-control-regex
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  const rows = stdout.split('\n').filter((row) => row.startsWith('y allow'))
  expect(rows).toHaveLength(1)
})
