import { expect, test } from 'vitest'

import { seenMessageLimit } from '../../src/contracts/limits.ts'
import { MessageQueue } from '../../src/workflows/message-queue.ts'

test('hands messages out in the order in which they came, each once', () => {
  const queue = new MessageQueue()
  for (const id of ['a', 'b', 'a']) queue.add(id)
  expect([queue.takeFirst(), queue.takeFirst(), queue.takeFirst()]).toEqual(['a', 'b', undefined])
})

test('behavior: a message that was taken is not queued again', () => {
  const queue = new MessageQueue()
  queue.add('a')
  queue.takeFirst()
  queue.add('a')
  expect(queue.length).toBe(0)
})

test('behavior: carries what waits and what was seen into the next run', () => {
  const first = new MessageQueue()
  for (const id of ['a', 'b']) first.add(id)
  first.takeFirst()
  const { queue, seen } = first.toCarried()
  const second = new MessageQueue(queue, seen)
  second.add('a')
  second.add('b')
  expect([second.takeFirst(), second.takeFirst()]).toEqual(['b', undefined])
})

test('behavior: remembers a bounded number of ids', () => {
  const queue = new MessageQueue()
  for (let id = 0; id < 3 * seenMessageLimit; id++) queue.add(`m${id}`)
  const { seen } = queue.toCarried()
  expect(seen).toHaveLength(seenMessageLimit)
  expect(seen.at(-1)).toBe(`m${3 * seenMessageLimit - 1}`)
})
