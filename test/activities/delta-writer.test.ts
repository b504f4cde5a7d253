import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { DeltaWriter } from '../../src/activities/delta-writer.ts'
import type { EventBody } from '../../src/contracts/event.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A writer whose appends end when the test says so. */
function heldWriter() {
  const appends: { bodies: readonly EventBody[]; end(): void; fail(error: Error): void }[] = []
  const writer = new DeltaWriter({
    messageId: 'm',
    attempt: 2,
    append(bodies) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      appends.push({ bodies, end: resolve, fail: reject })
      return promise
    },
  })
  return { writer, appends }
}

/** A writer whose appends end at once. */
function freeWriter() {
  const bodies: EventBody[] = []
  const batches: number[] = []
  const writer = new DeltaWriter({
    messageId: 'm',
    attempt: 1,
    async append(appended) {
      batches.push(appended.length)
      bodies.push(...appended)
    },
  })
  return { writer, bodies, batches }
}

function deltasOf(bodies: readonly EventBody[]): { delta: string; offset: number }[] {
  return bodies.flatMap((body) =>
    body.type === 'text.delta' ? [{ delta: body.delta, offset: body.offset }] : [],
  )
}

test('sends the first delta at once, after the start of the text', async () => {
  const { writer, bodies } = freeWriter()
  await writer.write('text', 'Hel')
  expect(bodies).toEqual([
    { type: 'text.started', messageId: 'm', attempt: 1 },
    { type: 'text.delta', messageId: 'm', attempt: 1, delta: 'Hel', offset: 0 },
  ])
})

test('behavior: sends what comes within 50 ms together', async () => {
  const { writer, bodies } = freeWriter()
  for (const delta of ['a', 'b', 'c']) await writer.write('text', delta)
  await vi.advanceTimersByTimeAsync(49)
  expect(deltasOf(bodies)).toEqual([{ delta: 'a', offset: 0 }])
  await vi.advanceTimersByTimeAsync(1)
  expect(deltasOf(bodies)).toEqual([
    { delta: 'a', offset: 0 },
    { delta: 'bc', offset: 1 },
  ])
})

test('behavior: does not wait when 256 characters are there', async () => {
  const { writer, bodies } = freeWriter()
  await writer.write('text', 'a')
  await vi.advanceTimersByTimeAsync(0)
  await writer.write('text', 'b'.repeat(255))
  expect(deltasOf(bodies)).toHaveLength(1)
  await writer.write('text', 'c')
  expect(deltasOf(bodies)[1]).toEqual({ delta: `${'b'.repeat(255)}c`, offset: 1 })
})

test('behavior: has one append under way at a time, and then sends all that came meanwhile', async () => {
  const { writer, appends } = heldWriter()
  await writer.write('text', 'a')
  await writer.write('text', 'b'.repeat(300))
  await vi.advanceTimersByTimeAsync(200)
  expect(appends).toHaveLength(1)
  appends[0]?.end()
  await vi.advanceTimersByTimeAsync(0)
  expect(deltasOf(appends[1]?.bodies ?? [])).toEqual([{ delta: 'b'.repeat(300), offset: 1 }])
})

test('behavior: a full buffer stops the reading of the model', async () => {
  const { writer, appends } = heldWriter()
  await writer.write('text', 'a')
  let read = false
  const writing = writer.write('text', 'b'.repeat(17_000)).then(() => {
    read = true
  })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(read).toBe(false)
  appends[0]?.end()
  await writing
  expect(read).toBe(true)
})

test('behavior: reasoning and text are apart, each with its own offsets', async () => {
  const { writer, bodies } = freeWriter()
  await writer.write('reasoning', 'Hm. ')
  await writer.write('text', 'Yes')
  await vi.advanceTimersByTimeAsync(50)
  expect(bodies).toEqual([
    { type: 'reasoning.delta', messageId: 'm', attempt: 1, delta: 'Hm. ', offset: 0 },
    { type: 'text.started', messageId: 'm', attempt: 1 },
    { type: 'text.delta', messageId: 'm', attempt: 1, delta: 'Yes', offset: 0 },
  ])
  expect([writer.whole('reasoning'), writer.whole('text')]).toEqual(['Hm. ', 'Yes'])
})

test('behavior: half of a surrogate pair waits for its other half', async () => {
  const { writer, bodies } = freeWriter()
  await writer.write('text', 'a\ud83d')
  await vi.advanceTimersByTimeAsync(100)
  await writer.write('text', '\ude00')
  await vi.advanceTimersByTimeAsync(100)
  expect(deltasOf(bodies)).toEqual([
    { delta: 'a', offset: 0 },
    { delta: '😀', offset: 1 },
  ])
})

test('behavior: nothing is appended after settling', async () => {
  const { writer, appends } = heldWriter()
  await writer.write('text', 'a')
  await writer.write('text', 'b'.repeat(300))
  const settled = writer.settle()
  appends[0]?.end()
  await settled
  await vi.advanceTimersByTimeAsync(1_000)
  expect(appends).toHaveLength(1)
  expect(writer.whole('text')).toBe(`a${'b'.repeat(300)}`)
})

test('behavior: settling drops what waits for its time', async () => {
  const { writer, bodies } = freeWriter()
  await writer.write('text', 'a')
  await writer.write('text', 'b')
  await writer.settle()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(deltasOf(bodies)).toHaveLength(1)
})

test('error: a failed append stops the reading of the model', async () => {
  const { writer, appends } = heldWriter()
  await writer.write('text', 'a')
  appends[0]?.fail(new Error('gone'))
  await vi.advanceTimersByTimeAsync(0)
  await expect(writer.write('text', 'b')).rejects.toThrow('gone')
})

test('property: the deltas put together are the whole text, whatever its pieces', async () => {
  const unit = fc.constantFrom('a', 'é', '\ud83d', '\ude00', '😀', '\0', 'x'.repeat(100))
  const anyPiece = fc.record({
    delta: fc.string({ unit, maxLength: 8 }),
    pauseMs: fc.integer({ min: 0, max: 80 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(anyPiece, { maxLength: 20 }), async (pieces) => {
      const { writer, bodies } = freeWriter()
      for (const { delta, pauseMs } of pieces) {
        await writer.write('text', delta)
        await vi.advanceTimersByTimeAsync(pauseMs)
      }
      await vi.advanceTimersByTimeAsync(100)
      let shown = ''
      for (const { delta, offset } of deltasOf(bodies)) {
        expect(offset).toBe(shown.length)
        expect(delta.isWellFormed()).toBe(true)
        shown += delta
      }
      const whole = writer.whole('text')
      expect(whole.startsWith(shown)).toBe(true)
      expect(whole.length - shown.length).toBeLessThanOrEqual(1)
    }),
  )
})
