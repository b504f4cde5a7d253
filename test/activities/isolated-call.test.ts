import { join } from 'node:path'

import { ActivityCancellationDetails } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'

import { runTool } from '../../src/activities/run-tool.ts'
import { loadServiceConfig } from '../../src/ops/config.ts'
import { createLogger } from '../../src/ops/logger.ts'
import { beginToolTry } from '../../src/store/tool-calls.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import { createToolRegistry } from '../../src/toolkit/tool-registry.ts'
import { connectServices } from '../../src/worker/connect-services.ts'
import { createTurnScript, type TurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store
vi.setConfig({ testTimeout: 60_000 })

let connected: Awaited<ReturnType<typeof connectServices>>
beforeAll(async () => {
  vi.stubEnv('OPENAI_API_KEY', 'sk-test-key')
  const config = loadServiceConfig({
    DATABASE_URL: store.url,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    PERDURA_TOOL_MEMORY_MB: '64',
  })
  connected = await connectServices(
    config,
    database,
    createLogger({ level: 'silent', part: 'test' }),
    async () => {},
  )
})
afterAll(async () => {
  await connected.close()
  vi.unstubAllEnvs()
})

let turn: TurnScript
let ref: { conversationId: string; turnId: string; callId: string }
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  ref = { conversationId: turn.conversationId, turnId: turn.turnIdOf(1), callId: turn.callOf(1, 0, 0) }
  await turn.askTools(1, 0, 1)
})

/** The only call of the turn, as the model has asked for it. */
async function ask(name: string, input: object): Promise<void> {
  await database.rows('ask', 'update tool_calls set name = $2, arguments = $3 where id = $1', [
    ref.callId,
    name,
    JSON.stringify(input),
  ])
}

/** What the worker keeps of an isolated tool: here the test runner's loader would not find the toolkit for its file. */
const described = ['behave', 'misbehave', 'dawdle'].map((name) =>
  defineTool({
    name,
    title: () => name,
    description: 'For tests.',
    effect: 'read',
    uses: [],
    input: z.looseObject({}),
    output: z.looseObject({}),
    run: () => Promise.reject(new Error('It runs in the worker.')),
  }),
)
const folder = join(import.meta.dirname, '..', 'fixtures', 'isolated', 'tools')

function tryOnce(settings: { toolTries?: number; toolTimeoutMs?: number } = {}) {
  const services = {
    ...connected.services,
    tools: createToolRegistry(described),
    isolatedTools: new Map(described.map(({ name }) => [name, join(folder, `${name}.ts`)])),
  }
  const environment = new MockActivityEnvironment()
  const ended: Promise<unknown> = environment.run(() =>
    runTool(ref, { ...services, settings: { ...services.settings, ...settings } }),
  )
  return { environment, ended }
}

async function readError(): Promise<unknown> {
  const [call] = await database.rows<{ error: unknown }>(
    'read_error',
    'select error from tool_calls where id = $1',
    [ref.callId],
  )
  return call?.error
}

test('runs an operator tool outside of the worker', async () => {
  await ask('behave', {})
  expect(await tryOnce().ended).toEqual({ status: 'ok' })
  const events = await turn.readEvents()
  expect(events.at(-1)).toMatchObject({ type: 'tool.completed', output: { facts: { callId: ref.callId } } })
})

test.for([
  ['eatHeap', 'more than the 64 MB'],
  ['spin', 'did not give the processor back'],
  ['exit', 'ended its own process'],
  ['rejectLater', 'outside of its call'],
])('error: a tool that takes its process down is tried once more (%s)', async ([how = '', message]) => {
  await ask(how === 'spin' ? 'dawdle' : 'misbehave', { how })
  const limits = how === 'spin' ? { toolTimeoutMs: 300 } : {}
  await expect(tryOnce(limits).ended).rejects.toMatchObject({ type: 'tool_crashed', nonRetryable: false })
  expect(await tryOnce(limits).ended).toEqual({ status: 'error' })
  expect(await readError()).toEqual({
    code: 'tool_crashed',
    message: expect.stringContaining(String(message)),
    retryable: false,
  })
})

test('error: one that may be tried once is tried once', async () => {
  await ask('misbehave', { how: 'exit' })
  expect(await tryOnce({ toolTries: 1 }).ended).toEqual({ status: 'error' })
  expect(await readError()).toMatchObject({ code: 'tool_crashed' })
})

test('error: a worker that died with it counts as well', async () => {
  await ask('misbehave', { how: 'exit' })
  // Begins, and never ends.
  await beginToolTry(database, ref.callId, null)
  expect(await tryOnce().ended).toEqual({ status: 'error' })
  expect(await readError()).toMatchObject({ code: 'tool_crashed' })
})

test('error: one that only takes long has timed out', async () => {
  await ask('dawdle', { how: 'takeLong' })
  const limits = { toolTimeoutMs: 300 }
  for (const _ of [1, 2]) await expect(tryOnce(limits).ended).rejects.toMatchObject({ type: 'tool_timeout' })
  expect(await tryOnce(limits).ended).toEqual({ status: 'timeout' })
})

test('behavior: Stop ends one that does not give the processor back', async () => {
  await ask('dawdle', { how: 'spin' })
  const { environment, ended } = tryOnce()
  await vi.waitFor(async () => expect(await turn.listTypes()).toContain('tool.progress'), { timeout: 20_000 })
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }))
  expect(await ended).toEqual({ status: 'cancelled' })
})
