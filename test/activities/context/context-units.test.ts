import { expect, test } from 'vitest'

import { toUnits } from '../../../src/activities/context/context-units.ts'
import type { HistoryMessage } from '../../../src/store/history-backend.ts'

const message = (id: string, role: HistoryMessage['role'], turnId?: string): HistoryMessage => ({
  id,
  role,
  state: 'done',
  createdAt: '',
  ...(turnId === undefined ? {} : { turnId }),
})
const parted = (messages: readonly HistoryMessage[], turnId = 't9') => {
  const { older, running } = toUnits(messages, turnId)
  return [...older, running].map((unit) => unit.map(({ id }) => id).join(' '))
}

test('parts a history into turns', () => {
  expect(
    parted([
      message('u1', 'user', 't1'),
      message('a1', 'assistant', 't1'),
      message('r1', 'tool', 't1'),
      message('a2', 'assistant', 't1'),
      message('s1', 'user', 't1'),
      message('a3', 'assistant', 't1'),
      message('u2', 'user', 't2'),
      message('u9', 'user', 't9'),
    ]),
  ).toEqual(['u1 a1 r1 a2 s1 a3', 'u2', 'u9'])
})

test('never parts the running turn, whatever joined it', () => {
  expect(
    parted([
      message('n0', 'note'),
      message('u1', 'user', 't1'),
      message('u9', 'user', 't9'),
      message('late', 'assistant', 't1'),
      message('s9', 'user', 't9'),
      message('n9', 'note'),
    ]),
  ).toEqual(['n0', 'u1', 'u9 late s9 n9'])
})

test('a turn that has no message yet runs all the same', () => {
  expect(parted([message('u1', 'user', 't1')])).toEqual(['u1', ''])
})

test('messages that no turn has brought are turns from one question to the next', () => {
  const imported = [
    message('u1', 'user'),
    message('u2', 'user'),
    message('a1', 'assistant'),
    message('u3', 'user'),
    message('a2', 'assistant'),
    message('u4', 'user', 't1'),
  ]
  expect(parted(imported)).toEqual(['u1 u2 a1', 'u3 a2', 'u4', ''])
})
