import { expect, test } from 'vitest'

import { createMessageId } from '../../src/api/create-message-id.ts'

test('default: the same client id in the same conversation is the same message', () => {
  expect(createMessageId('c_1', 'a')).toBe(createMessageId('c_1', 'a'))
  expect(createMessageId('c_1', 'a')).toMatch(/^m_[\w-]{27}$/)
})

test('behavior: another client id or another conversation is another message', () => {
  const ids = [createMessageId('c_1', 'a'), createMessageId('c_1', 'b'), createMessageId('c_2', 'a')]
  expect(new Set(ids).size).toBe(3)
})

test('behavior: without a client id every message is new', () => {
  const ids = Array.from({ length: 100 }, () => createMessageId('c_1', undefined))
  expect(new Set(ids).size).toBe(100)
})
