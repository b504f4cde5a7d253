import { Context } from '@temporalio/activity'
import { ActivityCancellationDetails } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import {
  type ActivityScope,
  Interrupted,
  untilInterrupted,
  withActivityScope,
} from '../../src/activities/activity-scope.ts'
import type { StopRegistry } from '../../src/activities/stop-registry.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function createStops() {
  const stops = new Map<string, () => void>()
  const registry: StopRegistry = {
    onStop(turnId, stop) {
      stops.set(turnId, stop)
      return () => void stops.delete(turnId)
    },
    close: async () => {},
  }
  return { registry, stop: (turnId: string) => stops.get(turnId)?.(), waiting: () => stops.size }
}

/** Runs a body in a scope, inside an activity that is made for the test. */
function runInScope(body: (scope: ActivityScope) => Promise<unknown>, timeoutMs = 60_000) {
  const environment = new MockActivityEnvironment({ attempt: 3 })
  const stops = createStops()
  const result = environment.run(() =>
    withActivityScope({ turnId: 't1', timeoutMs, stops: stops.registry }, body),
  )
  return { environment, stops, result }
}

/** Ends when the scope is interrupted, and tells why. */
async function untilAborted(scope: ActivityScope): Promise<unknown> {
  return untilInterrupted(new Promise(() => {}), scope.signal).catch((error: unknown) => [
    error instanceof Interrupted,
    scope.interruption(),
  ])
}

test('gives the body its attempt and returns its result', async () => {
  const { result, stops } = runInScope(async ({ attempt, interruption }) => [attempt, interruption()])
  expect(await result).toEqual([3, undefined])
  expect(stops.waiting()).toBe(0)
})

test('behavior: sends heartbeats with where it is, for its whole life', async () => {
  const beats: unknown[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const { environment, result } = runInScope(async ({ note }) => {
    note('stream', 'text.delta')
    await promise
  })
  environment.on('heartbeat', (details: unknown) => beats.push(structuredClone(details)))
  await vi.advanceTimersByTimeAsync(3_000)
  resolve()
  await result
  await vi.advanceTimersByTimeAsync(3_000)
  expect(beats).toEqual(
    Array.from({ length: 3 }, () => ({
      phase: 'stream',
      attempt: 3,
      lastEvent: 'text.delta',
      part: '',
      failedTries: 0,
    })),
  )
})

test('behavior: failed tries are counted for each part by itself', async () => {
  const heartbeatDetails = { phase: 'model', attempt: 2, lastEvent: '', part: 'round 1', failedTries: 2 }
  const environment = new MockActivityEnvironment({ attempt: 3, heartbeatDetails })
  const beats: unknown[] = []
  environment.on('heartbeat', (details: unknown) => beats.push(structuredClone(details)))
  const counts = await environment.run(() =>
    withActivityScope({ turnId: 't1', stops: createStops().registry }, async (scope) => {
      const seen = ['round 0', 'round 1', 'round 2'].map((part) => {
        scope.beginPart(part)
        return scope.failedTries
      })
      scope.beginPart('round 1')
      scope.countFailedTry()
      return seen
    }),
  )
  expect(counts).toEqual([0, 2, 0])
  expect(beats).toMatchObject([{ part: 'round 1', failedTries: 3 }])
})

test('behavior: ends when the turn is stopped', async () => {
  const { result, stops } = runInScope(untilAborted)
  await vi.advanceTimersByTimeAsync(0)
  stops.stop('t1')
  expect(await result).toEqual([true, 'stopped'])
})

test('behavior: ends when its time is up', async () => {
  const { result } = runInScope(untilAborted, 500)
  await vi.advanceTimersByTimeAsync(500)
  expect(await result).toEqual([true, 'timeout'])
})

test.for([
  { details: { cancelRequested: true }, why: 'stopped' },
  { details: { workerShutdown: true }, why: 'shutdown' },
  { details: { timedOut: true }, why: 'lost' },
  { details: { notFound: true }, why: 'lost' },
])('behavior: Temporal says $details: $why', async ({ details, why }) => {
  const { environment, result } = runInScope(untilAborted)
  await vi.advanceTimersByTimeAsync(0)
  environment.cancel('CANCELLED', new ActivityCancellationDetails(details))
  expect(await result).toEqual([true, why])
})

test('behavior: the first interruption is the one that counts', async () => {
  const { environment, result, stops } = runInScope(untilAborted, 500)
  await vi.advanceTimersByTimeAsync(0)
  stops.stop('t1')
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ workerShutdown: true }))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await result).toEqual([true, 'stopped'])
})

test.for([
  { details: { cancelRequested: true }, endsAfterMs: undefined },
  { details: { notFound: true }, endsAfterMs: undefined },
  { details: { workerShutdown: true }, endsAfterMs: 2_000 },
])('behavior: what is done may be stored after $details', async ({ details, endsAfterMs }) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const endedAfterMs: number[] = []
  const { environment, result } = runInScope(async ({ storing }) => {
    const startedMs = Date.now()
    storing.addEventListener('abort', () => endedAfterMs.push(Date.now() - startedMs))
    await promise
  })
  await vi.advanceTimersByTimeAsync(0)
  environment.cancel('CANCELLED', new ActivityCancellationDetails(details))
  await vi.advanceTimersByTimeAsync(60_000)
  resolve()
  await result
  expect(endedAfterMs).toEqual(endsAfterMs === undefined ? [] : [endsAfterMs])
  expect(vi.getTimerCount()).toBe(0)
})

test('behavior: an activity that was cancelled before it began does not wait', async () => {
  const environment = new MockActivityEnvironment()
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }))
  const { registry } = createStops()
  const result = await environment.run(() =>
    withActivityScope({ turnId: 't1', timeoutMs: 1_000, stops: registry }, untilAborted),
  )
  expect(result).toEqual([true, 'stopped'])
})

test('error: what the body throws leaves nothing behind', async () => {
  const { result, stops } = runInScope(async () => {
    expect(Context.current().info.attempt).toBe(3)
    throw new Error('body')
  })
  await expect(result).rejects.toThrow('body')
  expect(stops.waiting()).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('behavior: work that ends after the interruption is ignored, whatever it ends with', async () => {
  const controller = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const ended = untilInterrupted(promise, controller.signal).catch((error: unknown) => String(error))
  controller.abort(new Interrupted('stopped'))
  reject(new Error('late'))
  expect(await ended).toContain('stopped')
})
