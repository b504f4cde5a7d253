import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeServer, startFakeServer } from '../client/fake-server.ts'
import { createPerdura } from './run-perdura.ts'

let server: FakeServer
let folder: string
let perdura: ReturnType<typeof createPerdura>

beforeEach(async () => {
  server = await startFakeServer()
  folder = await mkdtemp(join(tmpdir(), 'perdura-cli-'))
  perdura = createPerdura(server.url, folder)
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const answerTo = (text: string) => `You said: ${text}. ${'Lorem ipsum dolor sit amet. '.repeat(2)}End.\n`

test('ask prints the answer on stdout and nothing else there', async () => {
  const { stdout, stderr, exitCode } = await perdura(['ask', 'tools please'])
  expect(stdout).toBe(answerTo('tools please'))
  expect(stderr).toContain('step 2 of 3: simulate')
  expect(stderr).toContain('✗ Account 0x7099…79C8  chain_unavailable: no chain')
  expect(exitCode).toBe(0)
})

test('behavior: ask reads the question from stdin', async () => {
  expect(await perdura(['ask', '-'], { input: 'piped\n' })).toMatchObject({
    stdout: answerTo('piped'),
    exitCode: 0,
  })
})

test('behavior: ask --json prints the turn as JSON lines', async () => {
  const { stdout } = await perdura(['ask', 'hostile', '--json'])
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each))
  expect(events[0]).toMatchObject({ type: 'user.message', text: 'hostile' })
  expect(events.at(-1)).toMatchObject({ type: 'turn.finished', outcome: 'success' })
  expect(stdout).not.toContain('\u009b')
})

test('behavior: ask survives cut connections and repeats nothing', async () => {
  server.faults.cutAfter = [2, 3, 0, 1, 4]
  const { stdout, stderr } = await perdura(['ask', 'retry this'])
  expect(stdout).toBe(answerTo('retry this'))
  expect(stderr).toContain('The connection was lost')
})

test('behavior: ask repeats the post while the server says not now', async () => {
  await perdura(['ask', 'first'])
  server.faults.unavailable = 2
  expect(await perdura(['ask', 'second'])).toMatchObject({ stdout: answerTo('second'), exitCode: 0 })
})

test('behavior: hostile text does not control the terminal', async () => {
  const { stdout } = await perdura(['ask', 'hostile'])
  expect(stdout).toBe('safe text here\n')
})

test.each([
  ['an error', ['ask', 'fail'], 1],
  ['a limit', ['ask', 'limit'], 5],
  ['a timeout', ['ask', 'slow', '--timeout', '0.5'], 6],
  ['a missing question', ['ask'], 2],
  ['an empty question', ['ask', ' '], 2],
  ['an unknown option', ['ask', 'x', '--nope'], 2],
  ['an unknown conversation', ['ask', 'x', '-c', 'nope'], 2],
  ['an unknown model', ['ask', 'x', '-m', 'nope'], 2],
])('behavior: the exit code of %s', async (_name, args, exitCode) => {
  expect(await perdura(args)).toMatchObject({ exitCode, stdout: '' })
})

test('behavior: Ctrl-C stops the turn of ask', async () => {
  const { exitCode, stderr } = await perdura(['ask', 'slow'], { interruptAt: 'Conversation' })
  expect(stderr).toContain('Stopped.')
  expect(exitCode).toBe(4)
})

test('behavior: questions at the same time in one conversation get their own answers', async () => {
  await perdura(['ask', 'start'])
  const questions = ['one', 'two', 'three']
  const answers = await Promise.all(questions.map((each) => perdura(['ask', each, '-c', 'c1'])))
  expect(answers.map(({ stdout }) => stdout)).toEqual(questions.map(answerTo))
})

test('behavior: two commands at first use are one guest', async () => {
  await Promise.all([perdura(['ask', 'a']), perdura(['ask', 'b'])])
  expect(server.tokens.size).toBe(1)
})

test('behavior: a token that the server has forgotten is replaced, and that is said', async () => {
  await perdura(['ask', 'a'])
  server.tokens.clear()
  const { stdout, stderr } = await perdura(['ask', 'b'])
  expect(stdout).toBe(answerTo('b'))
  expect(stderr).toContain('does not know the kept token')
  expect(await perdura(['ask', 'c'])).not.toMatchObject({ stderr: expect.stringContaining('kept token') })
})

test('error: PERDURA_TOKEN is never replaced', async () => {
  const { stderr, exitCode } = await perdura(['ask', 'a'], { env: { PERDURA_TOKEN: 'wrong' } })
  expect(stderr).toContain('does not accept PERDURA_TOKEN')
  expect(exitCode).toBe(2)
})

test('error: says that Perdura is not running', async () => {
  const message = 'Perdura is not running here. Start it with: npm start\n'
  const env = { PERDURA_URL: '' }
  expect(await perdura(['ask', 'a'], { env })).toMatchObject({ stderr: message, exitCode: 3 })
  await writeRun({ url: 'http://127.0.0.1:9' })
  expect(await perdura(['ask', 'a'], { env })).toMatchObject({ stderr: message, exitCode: 3 })
})

test('chat in a pipe answers each line and ends with the input', async () => {
  const { stdout, stderr, exitCode } = await perdura(['chat'], { input: 'first\n/list\ntools second\n' })
  expect(stdout).toContain(`› first\n${answerTo('first')}`)
  expect(stdout).toContain('c1  ')
  expect(stdout).toContain(answerTo('tools second'))
  expect(stderr).toContain('Go on later with: perdura chat --conversation c1')
  expect(exitCode).toBe(0)
})

test('behavior: chat resumes a conversation with its last messages', async () => {
  await perdura(['ask', 'earlier'])
  const { stdout } = await perdura(['chat', '--conversation', 'c1'], { input: 'later\n' })
  expect(stdout).toContain(`› earlier\n${answerTo('earlier')}`)
  expect(stdout).toContain(`› later\n${answerTo('later')}`)
})

test('status shows parts, health and conversations', async () => {
  await writeRun({
    url: server.url,
    temporalUiUrl: 'http://localhost:8233',
    parts: [
      { name: 'api', pid: process.pid, port: 4040, restarts: 1, startedAt: '2026-11-21T12:00:00.000Z' },
      { name: 'worker', pid: 2 ** 30, restarts: 0, startedAt: '2026-11-21T12:00:00.000Z' },
    ],
  })
  const env = { PERDURA_URL: '' }
  await perdura(['ask', 'hello'], { env })
  const { stdout, exitCode } = await perdura(['status', '--json'], { env })
  expect(JSON.parse(stdout)).toMatchObject({
    url: server.url,
    health: { reachable: true, ready: true },
    temporalUiUrl: 'http://localhost:8233',
    conversations: { idle: 1 },
    parts: [
      { name: 'api', alive: true },
      { name: 'worker', alive: false },
    ],
  })
  expect(exitCode).toBe(0)
  expect(await readFile(join(folder, 'perdura', 'token.json'), 'utf8')).toContain(server.url)
})

async function writeRun(run: object): Promise<void> {
  await mkdir(join(folder, '.perdura'), { recursive: true })
  const file = { version: 1, launcher: { pid: 1 }, parts: [], ...run }
  await writeFile(join(folder, '.perdura', 'run.json'), JSON.stringify(file))
}

test('behavior: chat in a pipe waits for the answer to an edited message too', async () => {
  const { stdout } = await perdura(['chat'], { input: 'first\n/edit second\n/again\n/usage\n' })
  expect(stdout).toContain(answerTo('first'))
  expect(stdout.split(answerTo('second'))).toHaveLength(3)
  expect(stdout.indexOf('This turn')).toBeGreaterThan(stdout.lastIndexOf(answerTo('second')))
})
