import { mkdtemp, readFile, rm } from 'node:fs/promises'
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
  await perdura(['ask', 'about apples'])
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

test('search prints the conversations in which something was said', async () => {
  const { stdout, exitCode } = await perdura(['search', 'about', 'apples'])
  expect(stdout).toMatch(/^c1 .*\n {2}… about apples\n$/)
  expect(exitCode).toBe(0)
  expect(await perdura(['search', 'pears'])).toMatchObject({ stdout: '', stderr: 'Nothing was found.\n' })
})

test('usage prints what was used, of a conversation too', async () => {
  const { stdout } = await perdura(['usage', '-c', 'c1'])
  expect(stdout).toContain('Conversation  2 calls')
  expect(JSON.parse((await perdura(['usage', '--json'])).stdout)).toHaveProperty('total')
})

test('export writes a file that import takes, and never over another one', async () => {
  const file = join(folder, 'talk.json')
  const args = ['export', 'c1', '--format', 'json', '-o', file]
  expect(await perdura(args)).toMatchObject({ stdout: '', stderr: `Written: ${file}\n`, exitCode: 0 })
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ messages: [{ text: 'about apples' }, {}] })
  expect(await perdura(args)).toMatchObject({
    stderr: expect.stringContaining('is there already'),
    exitCode: 2,
  })
  expect(await perdura(['import', file])).toMatchObject({ stdout: 'c2\n', exitCode: 0 })
  expect(server.talk('c2')?.messages).toHaveLength(2)
})

test('export alone prints Markdown', async () => {
  expect((await perdura(['export', 'c1'])).stdout).toMatch(/^# New conversation\n\nabout apples\n/)
})

test.each([
  ['an unknown conversation', ['export', 'nope'], 'There is no conversation nope of yours.'],
  ['a file that is no JSON', ['import', new URL(import.meta.url).pathname], 'It is no JSON'],
  ['a folder that is not there', ['export', 'c1', '-o', '/nowhere/x.md'], 'Give another name.'],
  ['a file that is not there', ['import', '/nowhere/x.json'], 'cannot be imported'],
])('error: %s', async (_name, args, said) => {
  expect(await perdura(args)).toMatchObject({ stderr: expect.stringContaining(said), exitCode: 2 })
})
