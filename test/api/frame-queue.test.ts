import { expect, test } from 'vitest'

import { FrameQueue } from '../../src/api/frame-queue.ts'

const frame = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

test('default: hands out everything there is, in order, at once', async () => {
  const queue = new FrameQueue({ frames: 10, sizeBytes: 100 })
  for (const text of ['a', 'b', 'c']) expect(queue.add(frame(text))).toBe(true)
  expect(textOf(await queue.take())).toBe('abc')
  expect(queue.isEmpty).toBe(true)
})

test('behavior: who takes from an empty queue waits for the next frame', async () => {
  const queue = new FrameQueue({ frames: 10, sizeBytes: 100 })
  const taken = queue.take()
  queue.add(frame('late'))
  expect(textOf(await taken)).toBe('late')
})

test('behavior: what was queued before the end is still handed out', async () => {
  const queue = new FrameQueue({ frames: 10, sizeBytes: 100 })
  queue.add(frame('last'))
  queue.end()
  expect(textOf(await queue.take())).toBe('last')
  expect(await queue.take()).toBeUndefined()
})

test('behavior: the end wakes who waits', async () => {
  const queue = new FrameQueue({ frames: 10, sizeBytes: 100 })
  const taken = queue.take()
  queue.end()
  expect(await taken).toBeUndefined()
})

test('behavior: a frame larger than the limit fits behind small ones', () => {
  const queue = new FrameQueue({ frames: 10, sizeBytes: 100 })
  expect(queue.add(frame('small'))).toBe(true)
  expect(queue.add(frame('x'.repeat(1_000)))).toBe(true)
  expect(queue.isFull).toBe(true)
})

test('error: refuses more frames or bytes than its limits, until they are taken', async () => {
  const few = new FrameQueue({ frames: 2, sizeBytes: 100 })
  expect([few.add(frame('a')), few.add(frame('b')), few.add(frame('c'))]).toEqual([true, true, false])
  const small = new FrameQueue({ frames: 100, sizeBytes: 10 })
  expect([small.add(frame('x'.repeat(10))), small.add(frame('y'))]).toEqual([true, false])
  await small.take()
  expect(small.add(frame('y'))).toBe(true)
})
