import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { ProgressWriter } from '../../src/activities/progress-writer.ts'
import type { EventBody } from '../../src/contracts/event.ts'
import { createMemoryEventLog } from '../support/memory-event-log.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ref = { conversationId: 'c', turnId: 't1', callId: 'k' }
const step = { index: 1, name: 'simulate', count: 3 }

async function openWriter(where: typeof step | null = null) {
  const { log, ...memory } = createMemoryEventLog()
  memory.createConversation('c', 'o')
  memory.runTurn('c', 't1')
  const writer = new ProgressWriter({ ref, step: where, log })
  const written = async () =>
    (await log.read('c', 0, 100)).events.map((event): EventBody => {
      const { v: _v, seq: _seq, conversationId: _c, turnId: _t, ts: _ts, ...body } = event
      return body
    })
  return { writer, written, runTurn: memory.runTurn }
}

test('writes the first at once, then the latest each 100 ms', async () => {
  const { writer, written } = await openWriter()
  for (const fraction of [0, 0.1, 0.2, 0.3]) writer.write(fraction, `at ${fraction}`)
  await vi.advanceTimersByTimeAsync(99)
  expect(await written()).toEqual([{ type: 'tool.progress', callId: 'k', fraction: 0, message: 'at 0' }])
  await vi.advanceTimersByTimeAsync(10)
  expect((await written()).slice(1)).toEqual([
    { type: 'tool.progress', callId: 'k', fraction: 0.3, message: 'at 0.3' },
  ])
})

test('behavior: says which step it is', async () => {
  const { writer, written } = await openWriter(step)
  writer.write(undefined, 'waiting')
  expect(await written()).toEqual([
    { type: 'tool.progress', callId: 'k', step: 'simulate', stepIndex: 1, stepCount: 3, message: 'waiting' },
  ])
})

test.for([
  { fraction: -1, shown: { fraction: 0 } },
  { fraction: 7, shown: { fraction: 1 } },
  { fraction: Number.NaN, shown: {} },
  { fraction: Number.POSITIVE_INFINITY, shown: { fraction: 1 } },
])('behavior: a fraction of $fraction', async ({ fraction, shown }) => {
  const { writer, written } = await openWriter()
  writer.write(fraction, 'x')
  expect(await written()).toEqual([{ type: 'tool.progress', callId: 'k', ...shown, message: 'x' }])
})

test('behavior: cuts a long message', async () => {
  const { writer, written } = await openWriter()
  writer.write(undefined, 'x'.repeat(10_000))
  expect(await written()).toMatchObject([{ message: 'x'.repeat(200) }])
})

test('behavior: writes nothing into a turn that has ended', async () => {
  const { writer, written, runTurn } = await openWriter()
  runTurn('c', null)
  writer.write(0.5, 'late')
  await vi.advanceTimersByTimeAsync(500)
  expect(await written()).toEqual([])
})
