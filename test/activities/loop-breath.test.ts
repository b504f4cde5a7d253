import { expect, test, vi } from 'vitest'

import { openLoopBreath } from '../../src/activities/loop-breath.ts'

/** Keeps the event loop busy, as writing down a large result does. */
function block(forMs: number): void {
  const end = performance.now() + forMs
  while (performance.now() < end);
}

test('lets timers run between pieces of work that come together', async () => {
  const breath = openLoopBreath()
  const order: string[] = []
  const work = (name: string) =>
    breath.work(() => {
      block(600)
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
