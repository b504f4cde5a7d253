import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { BoundedPause } from '../../src/activities/bounded-pause.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function createPause(limitMs: number) {
  const calls: string[] = []
  const pause = new BoundedPause(limitMs, () => {
    calls.push('pause')
    return () => calls.push('resume')
  })
  return { calls, pause }
}

test('pauses while anything waits', () => {
  const { calls, pause } = createPause(1_000)
  const [first, second] = [pause.begin(), pause.begin()]
  first()
  first()
  expect(calls).toEqual(['pause'])
  second()
  expect(calls).toEqual(['pause', 'resume'])
})

test('behavior: ends when the limit is reached, while it still waits', () => {
  const { calls, pause } = createPause(1_000)
  const end = pause.begin()
  vi.advanceTimersByTime(1_000)
  expect(calls).toEqual(['pause', 'resume'])
  end()
  pause.begin()
  expect(calls).toEqual(['pause', 'resume'])
})

test('behavior: the limit is for all waits together', () => {
  const { calls, pause } = createPause(1_000)
  const first = pause.begin()
  vi.advanceTimersByTime(700)
  first()
  vi.advanceTimersByTime(5_000)
  pause.begin()
  vi.advanceTimersByTime(299)
  expect(calls).toEqual(['pause', 'resume', 'pause'])
  vi.advanceTimersByTime(1)
  expect(calls).toEqual(['pause', 'resume', 'pause', 'resume'])
})
