import { describe, expect, test } from 'vitest'

import type { WaitingMessage } from '../../src/contracts/turn.ts'
import { seenMessageLimit } from '../../src/contracts/limits.ts'
import { MessageQueue } from '../../src/workflows/message-queue.ts'

const first = { messageId: 'a', position: 1 }
const second = { messageId: 'b', position: 2 }

function queueOf(...messages: WaitingMessage[]): MessageQueue {
  const queue = new MessageQueue()
  for (const message of messages) queue.add(message)
  return queue
}

function takeAll(queue: MessageQueue): string[] {
  return Array.from({ length: queue.length }, () => queue.takeFirst()?.messageId ?? '')
}

test('hands messages out in the order in which they came, each once', () => {
  expect(takeAll(queueOf(first, second, first))).toEqual(['a', 'b'])
})

test('behavior: says whether a message is new', () => {
  const queue = new MessageQueue()
  expect([queue.add(first), queue.add(first)]).toEqual([true, false])
})

test('behavior: a message that was accepted earlier goes first, however late its signal is', () => {
  expect(takeAll(queueOf(second, first))).toEqual(['a', 'b'])
})

test('behavior: a message that was taken is not queued again', () => {
  const queue = queueOf(first)
  queue.takeFirst()
  queue.add(first)
  expect(queue.length).toBe(0)
})

test('behavior: tells the next one without taking it', () => {
  const queue = queueOf(second, first)
  expect([queue.first, queue.length]).toEqual(['a', 2])
  expect(new MessageQueue().first).toBeUndefined()
  expect(queueOf({ messageId: 'n', position: 1, note: true }).first).toBeUndefined()
})

test('behavior: carries what waits and what was seen into the next run', () => {
  const before = queueOf(first, { ...second, busyPolicy: 'interrupt' }, { messageId: 'c', position: 3 })
  before.remove('c')
  const { queue, seen } = before.toCarried()
  const after = new MessageQueue(queue, seen)
  for (const messageId of ['a', 'b', 'c']) after.add({ messageId, position: 9 })
  expect(after.interrupts).toBe(true)
  expect(takeAll(after)).toEqual(['b', 'a'])
})

test('behavior: remembers a bounded number of ids', () => {
  const messages = Array.from({ length: 3 * seenMessageLimit }, (_, position) => position)
  const queue = queueOf(...messages.map((position) => ({ messageId: `m${position}`, position })))
  const { seen } = queue.toCarried()
  expect(seen).toHaveLength(seenMessageLimit)
  expect(seen.at(-1)).toBe(`m${3 * seenMessageLimit - 1}`)
})

describe('interrupt', () => {
  const interrupting = { messageId: 'i', position: 3, busyPolicy: 'interrupt' } as const
  const again = { messageId: 'j', position: 4, busyPolicy: 'interrupt' } as const

  test('goes before whatever waits', () => {
    expect(takeAll(queueOf(first, second, interrupting))).toEqual(['i', 'a', 'b'])
  })

  test('behavior: two of them keep their order', () => {
    expect(takeAll(queueOf(first, again, interrupting, second))).toEqual(['i', 'j', 'a', 'b'])
  })

  test('behavior: is known until the last of them is taken', () => {
    const queue = queueOf(first, interrupting, again)
    const known = [queue.interrupts]
    for (let taken = 0; taken < 2; taken++) {
      queue.takeFirst()
      known.push(queue.interrupts)
    }
    expect(known).toEqual([true, true, false])
  })
})

describe('steer', () => {
  const steering = { messageId: 's', position: 2, busyPolicy: 'steer' } as const
  const other = { messageId: 't', position: 4, busyPolicy: 'steer' } as const

  test('is taken for the running turn, in order, and the others wait on', () => {
    const queue = queueOf(other, { messageId: 'c', position: 3 }, steering, first)
    expect(queue.takeJoining(1)).toEqual([steering, other])
    expect(takeAll(queue)).toEqual(['a', 'c'])
  })

  test('behavior: starts a turn of its own when nothing runs', () => {
    expect(takeAll(queueOf(steering))).toEqual(['s'])
  })

  test('behavior: comes back to its place when it came to nothing', () => {
    const queue = queueOf(first, steering, { messageId: 'c', position: 3 })
    queue.putBack(queue.takeJoining(1))
    expect(takeAll(queue)).toEqual(['a', 's', 'c'])
  })

  test('behavior: was put back and is still not queued twice', () => {
    const queue = queueOf(steering)
    queue.putBack(queue.takeJoining(1))
    queue.add(steering)
    expect(queue.length).toBe(1)
  })
})

describe('notes', () => {
  const note = { messageId: 'n', position: 0, note: true } as const
  const later = { messageId: 'o', position: 5, note: true } as const

  test('wait behind the messages', () => {
    const queue = queueOf(later, first, note, { ...second, busyPolicy: 'interrupt' })
    expect([queue.length, queue.messages, queue.notes]).toEqual([4, 2, 2])
    expect(takeAll(queue)).toEqual(['b', 'a', 'n', 'o'])
  })

  test('behavior: join a turn when it begins, all of them, and never later', () => {
    const queue = queueOf(later, note, first)
    expect(queue.takeJoining(1)).toEqual([])
    expect(queue.takeJoining(0)).toEqual([note, later])
    expect(takeAll(queue)).toEqual(['a'])
  })

  test('behavior: come back as what they are', () => {
    const queue = queueOf(first)
    queue.putBack([note])
    expect(new MessageQueue(queue.toCarried().queue).takeJoining(0)).toEqual([note])
  })
})

describe('withdraw', () => {
  test('takes a message out', () => {
    const queue = queueOf(first, second)
    queue.remove('a')
    expect(takeAll(queue)).toEqual(['b'])
  })

  test('behavior: a message whose signal comes later is not queued any more', () => {
    const queue = new MessageQueue()
    queue.remove('a')
    expect([queue.add(first), queue.length]).toEqual([false, 0])
  })

  test('behavior: an interrupting message that is gone interrupts nothing', () => {
    const queue = queueOf({ ...first, busyPolicy: 'interrupt' })
    queue.remove('a')
    expect(queue.interrupts).toBe(false)
  })
})

describe('what is asked for besides messages', () => {
  const asking = { messageId: 'k', position: 3, purpose: 'compact' } as const

  test('waits among the messages, and is none of them', () => {
    const queue = queueOf({ messageId: 'd', position: 4 }, asking, first)
    expect([queue.length, queue.messages]).toEqual([3, 2])
    expect(takeAll(queue)).toEqual(['a', 'k', 'd'])
  })

  test('behavior: waits once, and may be asked for again when it has begun', () => {
    const queue = queueOf(asking)
    expect(queue.add({ ...asking, messageId: 'l', position: 5 })).toBe(false)
    queue.takeFirst()
    expect(queue.add({ ...asking, messageId: 'm', position: 6 })).toBe(true)
  })

  test('behavior: comes back as what it is', () => {
    const queue = queueOf(first)
    queue.putBack([asking])
    expect(queue.toCarried().queue.at(-1)).toEqual(asking)
  })
})
