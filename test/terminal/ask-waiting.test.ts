import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../../src/client/create-client.ts'
import { type FakeServer, startFakeServer } from '../client/fake-server.ts'
import { createPerdura } from './run-perdura.ts'

let server: FakeServer
let folder: string
let perdura: ReturnType<typeof createPerdura>

beforeEach(async () => {
  server = await startFakeServer()
  folder = await mkdtemp(join(tmpdir(), 'perdura-ask-'))
  perdura = createPerdura(server.url, folder)
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

test('ask leaves with 7 when its turn waits for a person, and says what to do', async () => {
  const { stdout, stderr, exitCode } = await perdura(['ask', 'permission please'])
  expect(exitCode).toBe(7)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/Waiting until .* \(3 h\) for permission for “Send everything”\./)
  expect(stderr).toContain('Answer with: perdura chat --conversation c1')
  expect(server.talk('c1')?.requests.size).toBe(1)
})

test('behavior: ask --json ends with the event that says so', async () => {
  const { stdout, exitCode } = await perdura(['ask', 'form please', '--json'])
  const lines = stdout.trimEnd().split('\n')
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'turn.waiting' })
  expect(exitCode).toBe(7)
})

test('behavior: ask does not wait behind a turn that waits for a person', async () => {
  await perdura(['ask', 'permission please'])
  const { stderr, exitCode } = await perdura(['ask', 'next', '-c', 'c1'])
  expect(stderr).toContain('the question is queued')
  expect(stderr).toContain('for permission for “Send everything”')
  expect(exitCode).toBe(7)
})

test('behavior: a question that joins a running turn is answered by it', async () => {
  await perdura(['ask', 'start'])
  const [token = ''] = server.tokens.keys()
  const client = createClient({ url: server.url, token })
  await client.postMessage('c1', { text: 'with steps' })
  await client.updateConversation('c1', { busyPolicy: 'steer' })
  const { stdout, exitCode } = await perdura(['ask', 'joining', '-c', 'c1'])
  expect(stdout).toMatch(/^You said: with steps\./)
  expect(exitCode).toBe(0)
})

test('behavior: a question that is withdrawn ends the command', async () => {
  await perdura(['ask', 'start'])
  const [token = ''] = server.tokens.keys()
  const client = createClient({ url: server.url, token })
  await client.postMessage('c1', { text: 'slow' })
  const asked = perdura(['ask', 'never mind', '-c', 'c1'])
  for await (const event of client.followEvents('c1', { after: 0 })) {
    if (event.type !== 'message.queued') continue
    await client.withdrawMessage('c1', event.messageId)
    break
  }
  const { stderr, exitCode } = await asked
  expect(stderr).toContain('Withdrawn: never mind')
  expect(exitCode).toBe(1)
})

test('error: ask does not wait for a conversation that is stalled', async () => {
  await perdura(['ask', 'start'])
  const talk = server.talk('c1')
  if (talk) talk.conversation.stalled = true
  const { stderr, exitCode } = await perdura(['ask', 'slow', '-c', 'c1'])
  expect(stderr).toContain('The conversation is stalled')
  expect(stderr).toContain('perdura chat --conversation c1')
  expect(exitCode).toBe(3)
})

test('behavior: --permissions goes with the conversation', async () => {
  await perdura(['ask', 'unattended', '--permissions', 'denyAll'])
  expect(server.talk('c1')?.conversation.permissions).toBe('denyAll')
  await perdura(['ask', 'again', '-c', 'c1', '--permissions', 'ask'])
  expect(server.talk('c1')?.conversation.permissions).toBe('ask')
  expect(await perdura(['ask', 'x', '--permissions', 'all'])).toMatchObject({ exitCode: 2 })
})
