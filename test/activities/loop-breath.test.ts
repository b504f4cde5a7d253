import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { openLoopBreath } from '../../src/activities/loop-breath.ts'

let nowMs = 0
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
})
afterEach(() => {
  vi.restoreAllMocks()
})

test('lets timers run between pieces of work that come together', async () => {
  const breath = openLoopBreath()
  const order: string[] = []
  const work = (name: string) =>
    breath.work(() => {
      // It keeps the event loop busy, as writing down a large result does.
      nowMs += 600
      order.push(name)
    })
  const timer = setTimeout(() => order.push('timer'), 1)
  await Promise.all(['one', 'two', 'three'].map(work))
  clearTimeout(timer)
  breath.close()
  expect(order).toEqual(['one', 'two', 'timer', 'three'])
})

test('behavior: costs nothing while timers run', async () => {
  const breath = openLoopBreath()
  const timer = vi.fn<() => void>()
  setImmediate(timer)
  await breath.work(() => {})
  breath.close()
  expect(timer).not.toHaveBeenCalled()
})
