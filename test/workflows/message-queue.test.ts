import { expect, test } from 'vitest'

import { seenMessageLimit } from '../../src/contracts/limits.ts'
import { MessageQueue } from '../../src/workflows/message-queue.ts'

const first = { messageId: 'a', position: 1 }
const second = { messageId: 'b', position: 2 }

test('hands messages out in the order in which they came, each once', () => {
  const queue = new MessageQueue()
  for (const message of [first, second, first]) queue.add(message)
  expect([queue.takeFirst(), queue.takeFirst(), queue.takeFirst()]).toEqual(['a', 'b', undefined])
})

test('behavior: a message that was accepted earlier goes first, however late its signal is', () => {
  const queue = new MessageQueue()
  for (const message of [second, first]) queue.add(message)
  expect([queue.takeFirst(), queue.takeFirst()]).toEqual(['a', 'b'])
})

test('behavior: a message that was taken is not queued again', () => {
  const queue = new MessageQueue()
  queue.add(first)
  queue.takeFirst()
  queue.add(first)
  expect(queue.length).toBe(0)
})

test('behavior: carries what waits and what was seen into the next run', () => {
  const before = new MessageQueue()
  for (const message of [first, second]) before.add(message)
  before.takeFirst()
  const { queue, seen } = before.toCarried()
  const after = new MessageQueue(queue, seen)
  for (const message of [first, second]) after.add(message)
  expect([after.takeFirst(), after.takeFirst()]).toEqual(['b', undefined])
})

test('behavior: remembers a bounded number of ids', () => {
  const queue = new MessageQueue()
  for (let position = 0; position < 3 * seenMessageLimit; position++) {
    queue.add({ messageId: `m${position}`, position })
  }
  const { seen } = queue.toCarried()
  expect(seen).toHaveLength(seenMessageLimit)
  expect(seen.at(-1)).toBe(`m${3 * seenMessageLimit - 1}`)
})
