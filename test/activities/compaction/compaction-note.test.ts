import { expect, test } from 'vitest'

import { toCompactionNote } from '../../../src/activities/compaction/compaction-note.ts'

const facts = [
  { callId: 'c', tool: 'account_info', path: 'balance', value: '5 ETH' },
  { callId: 'm', tool: 'user', path: '', value: 'alice.eth' },
]

test('gives the summary, and the facts as code has found them', () => {
  const note = toCompactionNote({ summary: 'They talked.', facts, factsLeftOut: 3 })
  expect(note).toContain('## Summary of the older part\n\nThey talked.\n\n## Facts of the older part')
  expect(note).toContain('3 more were left out')
  expect(note.endsWith('\n\n- account_info balance: 5 ETH\n- user: alice.eth')).toBe(true)
})

test('behavior: says that there is no summary, and leaves an empty list out', () => {
  const note = toCompactionNote({ summary: null, facts: [], factsLeftOut: 0 })
  expect(note).toContain('could not be summed up')
  expect(note).not.toContain('##')
})
