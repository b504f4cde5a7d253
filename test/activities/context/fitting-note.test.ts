import { expect, test } from 'vitest'

import { toFittingNote } from '../../../src/activities/context/fitting-note.ts'
import { toCompactionNote } from '../../../src/activities/compaction/compaction-note.ts'
import { loadTokenCounter } from '../../../src/models/token-counter.ts'

const counter = await loadTokenCounter({ model: 'gpt-5' })
const { signal } = new AbortController()
const facts = Array.from({ length: 100 }, (_, index) => ({
  callId: `c.t${index}.r0.c0`,
  tool: 'account_info',
  path: 'address',
  value: `0x${index.toString(16).padStart(40, '8')}`,
}))
const summary = 'They looked at many accounts. '.repeat(20)
const compaction = { summary, facts, factsLeftOut: 0 }

test('is the note as it was made when there is room', async () => {
  const note = await toFittingNote(compaction, { maxTokens: 10_000, counter, signal })
  expect(note).toBe(toCompactionNote(compaction))
})

test('gives as many facts as fit, whole, and says how many are missing', async () => {
  const note = await toFittingNote({ ...compaction, factsLeftOut: 7 }, { maxTokens: 1_500, counter, signal })
  expect(counter.count(note)).toBeLessThanOrEqual(1_500)
  expect(note).toContain(summary)
  const given = facts.filter(({ value }) => note.includes(`: ${value}`))
  expect(given.length).toBeGreaterThan(10)
  expect(note).toContain(`${facts.length + 7 - given.length} more were left out`)
})

test('shortens the summary last', async () => {
  const note = await toFittingNote(compaction, { maxTokens: 120, counter, signal })
  expect(counter.count(note)).toBeLessThanOrEqual(120)
  expect(note).toContain('They looked at')
})
