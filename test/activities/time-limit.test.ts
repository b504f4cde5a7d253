import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { TimeLimit } from '../../src/activities/time-limit.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('ends when its time is over, and not before', () => {
  const onEnd = vi.fn<() => void>()
  new TimeLimit(onEnd).set(1_000)
  vi.advanceTimersByTime(999)
  expect(onEnd).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(onEnd).toHaveBeenCalledOnce()
})

test('behavior: the time stands still while anything has paused it', () => {
  const onEnd = vi.fn<() => void>()
  const limit = new TimeLimit(onEnd)
  limit.set(1_000)
  vi.advanceTimersByTime(400)
  const [one, other] = [limit.pause(), limit.pause()]
  vi.advanceTimersByTime(10_000)
  one()
  one()
  vi.advanceTimersByTime(10_000)
  expect(onEnd).not.toHaveBeenCalled()
  other()
  vi.advanceTimersByTime(599)
  expect(onEnd).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(onEnd).toHaveBeenCalledOnce()
})

test('behavior: one that has ended stays so, whatever is paused', () => {
  const onEnd = vi.fn<() => void>()
  const limit = new TimeLimit(onEnd)
  limit.set(1_000)
  const resume = limit.pause()
  limit.end()
  resume()
  vi.advanceTimersByTime(10_000)
  expect(onEnd).not.toHaveBeenCalled()
})
