import { ActivityCancellationDetails } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { withActivityScope } from '../../src/activities/activity-scope.ts'
import { ownerOfActivity, withSlot } from '../../src/activities/slot.ts'
import { WeightedGate } from '../../src/ops/weighted-gate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Asks for a slot of a gate in an activity of its own; `stop` is what a person does. */
function ask(gate: WeightedGate, { owner = 'one', timeoutMs = 60_000 } = {}) {
  let stop = (): void => {}
  const stops = {
    onStop: (_turnId: string, onStop: () => void) => {
      stop = onStop
      return () => {}
    },
    close: async () => {},
  }
  const environment = new MockActivityEnvironment()
  const result: Promise<unknown> = environment.run(() =>
    withActivityScope({ turnId: 't1', timeoutMs, stops }, (scope) =>
      withSlot(scope, { gate, owner, kind: 'tool' }, async () => scope.interruption() ?? 'ran'),
    ),
  )
  return { environment, result, stop: () => stop() }
}

const failureOf = (result: Promise<unknown>) => result.catch((error: unknown) => error)

async function fill(gate: WeightedGate, owner = 'other'): Promise<() => void> {
  return gate.enter(gate.load().limit, new AbortController().signal, owner)
}

test('runs in a slot, and leaves it', async () => {
  const gate = new WeightedGate(1)
  expect(await ask(gate).result).toBe('ran')
  expect(gate.load()).toMatchObject({ inside: 0, waiting: 0 })
})

test('behavior: waits while all slots are taken', async () => {
  const gate = new WeightedGate(1)
  const leave = await fill(gate)
  const { result } = ask(gate)
  await vi.advanceTimersByTimeAsync(4_000)
  leave()
  expect(await result).toBe('ran')
})

test('behavior: gives up after ten seconds and comes again, which is no failed try', async () => {
  const gate = new WeightedGate(1)
  await fill(gate)
  const { result } = ask(gate)
  const failure = failureOf(result)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await failure).toMatchObject({ type: 'no_worker', nextRetryDelay: 200 })
  expect(gate.load().waiting).toBe(0)
})

test('behavior: where as many wait as there are slots, the next of the same owner is sent back at once', async () => {
  const gate = new WeightedGate(1)
  const leave = await fill(gate)
  const first = ask(gate)
  await vi.advanceTimersByTimeAsync(0)
  expect(await failureOf(ask(gate).result)).toMatchObject({ type: 'no_worker', nextRetryDelay: 5_000 })
  const another = ask(gate, { owner: 'two' })
  await vi.advanceTimersByTimeAsync(0)
  expect(gate.load().waiting).toBe(2)
  leave()
  expect(await Promise.all([first.result, another.result])).toEqual(['ran', 'ran'])
})

test('behavior: what is stopped or out of time ends without a slot', async () => {
  const gate = new WeightedGate(1)
  await fill(gate)
  const stopped = ask(gate)
  const late = ask(gate, { owner: 'two', timeoutMs: 100 })
  await vi.advanceTimersByTimeAsync(0)
  stopped.stop()
  expect(await stopped.result).toBe('stopped')
  await vi.advanceTimersByTimeAsync(100)
  expect(await late.result).toBe('timeout')
  expect(gate.load()).toMatchObject({ inside: 1, waiting: 0 })
})

test('behavior: a worker that shuts down hands over what waits', async () => {
  const gate = new WeightedGate(1)
  await fill(gate)
  const { environment, result } = ask(gate)
  await vi.advanceTimersByTimeAsync(0)
  const failure = failureOf(result)
  environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }))
  expect(await failure).toMatchObject({ code: 'shutting_down' })
})

test('the owner is the fairness key of the activity, or else each conversation is one', async () => {
  const withKey = new MockActivityEnvironment({ priority: { fairnessKey: 'o_1' } })
  expect(await withKey.run(async () => ownerOfActivity())).toBe('o_1')
  const without = new MockActivityEnvironment({ workflowExecution: { workflowId: 'c_1', runId: 'r' } })
  expect(await without.run(async () => ownerOfActivity())).toBe('c_1')
})
