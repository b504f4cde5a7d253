import { setTimeout as pause } from 'node:timers/promises'

import { ActivityCancellationDetails } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'

import type { ActivityServices } from '../../src/activities/activity-services.ts'
import { runToolStep } from '../../src/activities/run-tool-step.ts'
import { runTool } from '../../src/activities/run-tool.ts'
import { WeightedGate } from '../../src/ops/weighted-gate.ts'
import { inlineOutputLimitBytes } from '../../src/contracts/limits.ts'
import { loadServiceConfig } from '../../src/ops/config.ts'
import { createLogger } from '../../src/ops/logger.ts'
import { findResult } from '../../src/store/results.ts'
import { beginToolTry } from '../../src/store/tool-calls.ts'
import { stopTurn } from '../../src/store/turns.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import { step } from '../../src/toolkit/step.ts'
import { createToolRegistry } from '../../src/toolkit/tool-registry.ts'
import type { Tool } from '../../src/toolkit/tool.ts'
import { connectServices } from '../../src/worker/connect-services.ts'
import { createTurnScript, type TurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store
const output = 'x'.repeat(inlineOutputLimitBytes + 1)
const described = {
  title: () => 'Large',
  description: 'Has an effect.',
  effect: 'external',
  uses: [],
} as const

let connected: Awaited<ReturnType<typeof connectServices>>
beforeAll(async () => {
  vi.stubEnv('OPENAI_API_KEY', 'sk-test-key')
  const config = loadServiceConfig({ DATABASE_URL: store.url, TEMPORAL_ADDRESS: '127.0.0.1:1' })
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
let effects: number
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  ref = { conversationId: turn.conversationId, turnId: turn.turnIdOf(1), callId: turn.callOf(1, 0, 0) }
  effects = 0
})

async function takeEffect(): Promise<string> {
  effects += 1
  return output
}

const single = (timeoutMs = 30_000) =>
  defineTool({
    ...described,
    name: 'time_now',
    timeoutMs,
    input: z.strictObject({}),
    output: z.string(),
    run: takeEffect,
  })

/** Runs the only call, as one step of a tool that has some. `untilStoring` resolves when its output waits its turn. */
async function run(tool: Tool, changes: Partial<ActivityServices> = {}) {
  await turn.askTools(1, 0, 1, tool.kind === 'stepped' ? ['one', 'two'] : undefined)
  const storing = Promise.withResolvers<void>()
  const resultGate = new WeightedGate(1)
  const release = await resultGate.enter(1, new AbortController().signal)
  const enter = resultGate.enter.bind(resultGate)
  vi.spyOn(resultGate, 'enter').mockImplementation((...wanted) => {
    storing.resolve()
    return enter(...wanted)
  })
  const services = { ...connected.services, tools: createToolRegistry([tool]), resultGate, ...changes }
  const environment = new MockActivityEnvironment()
  const ended: Promise<unknown> = environment.run(() =>
    tool.kind === 'stepped'
      ? runToolStep({ ...ref, stepIndex: 0, stepCount: 2, step: 'one' }, services)
      : runTool(ref, services),
  )
  return { environment, ended, untilStoring: () => storing.promise, release }
}

const interruptions = [
  { details: { cancelRequested: true }, why: 'Stop' },
  { details: { workerShutdown: true }, why: 'shutdown' },
  { details: { notFound: true }, why: 'a task that went to somebody else' },
]

test.for(interruptions)('a large output that waits to be stored survives $why', async ({ details }) => {
  const { environment, ended, untilStoring, release } = await run(single())
  await untilStoring()
  environment.cancel('CANCELLED', new ActivityCancellationDetails(details))
  release()
  expect(await ended).toEqual({ status: 'ok' })
  expect(await findResult(database, ref)).toMatchObject({ totalChars: output.length })
  expect(effects).toBe(1)
})

test.for(interruptions)('the large output of a step survives $why', async ({ details }) => {
  const tool = defineTool({
    ...described,
    name: 'time_now',
    input: z.strictObject({}),
    output: z.string(),
    steps: { one: step({ run: takeEffect }), two: step({ run: takeEffect }) },
    result: ({ two }) => String(two),
  })
  const { environment, ended, untilStoring, release } = await run(tool)
  await untilStoring()
  environment.cancel('CANCELLED', new ActivityCancellationDetails(details))
  release()
  expect(await ended).toEqual({ status: 'ok' })
  expect(await beginToolTry(database, ref.callId, 1)).toMatchObject({ earlier: { one: output }, lost: 0 })
  expect(effects).toBe(1)
})

test("behavior: a tool's time does not run while its output waits to be written down", async () => {
  const timeoutMs = 50
  const { ended, release } = await run(single(timeoutMs), {
    loopBreath: {
      async work(work) {
        // Timers of one length go off in their order.
        await pause(timeoutMs)
        return work()
      },
      close: () => {},
    },
  })
  release()
  expect(await ended).toEqual({ status: 'ok' })
  expect(effects).toBe(1)
})

test('behavior: what is wrong with an output is said, although the turn was stopped meanwhile', async () => {
  const writing = Promise.withResolvers<void>()
  const breath = Promise.withResolvers<void>()
  const tool = defineTool({
    ...described,
    name: 'time_now',
    input: z.strictObject({}),
    output: z.string().max(1),
    run: takeEffect,
  })
  const { environment, ended } = await run(tool, {
    loopBreath: {
      async work(work) {
        writing.resolve()
        await breath.promise
        return work()
      },
      close: () => {},
    },
  })
  await writing.promise
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }))
  breath.resolve()
  expect(await ended).toEqual({ status: 'error' })
})

test('behavior: an output that is stored after the end of its turn is dropped', async () => {
  const { ended, untilStoring, release } = await run(single())
  await untilStoring()
  await stopTurn(database, turn.owner, ref.conversationId, undefined)
  await turn.stop(1)
  release()
  expect(await ended).toEqual({ status: 'cancelled' })
  await expect(findResult(database, ref)).rejects.toThrow('ended as cancelled')
  expect((await turn.listTypes()).at(-1)).toBe('turn.finished')
})

test('behavior: a tool that ignores Stop holds nothing up', async () => {
  const running = Promise.withResolvers<void>()
  const tool = defineTool({
    ...described,
    name: 'time_now',
    input: z.strictObject({}),
    output: z.string(),
    run: () => {
      running.resolve()
      return new Promise(() => {})
    },
  })
  const { environment, ended } = await run(tool)
  await running.promise
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }))
  expect(await ended).toEqual({ status: 'cancelled' })
})

test('error: an output that cannot be stored before its worker ends is handed over, and no try is lost', async () => {
  const { environment, ended, untilStoring } = await run(single())
  await untilStoring()
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ workerShutdown: true }))
  await expect(ended).rejects.toMatchObject({ type: 'shutting_down' })
  expect(await beginToolTry(database, ref.callId, null)).toMatchObject({ outcome: 'run', lost: 0, failed: 0 })
})
