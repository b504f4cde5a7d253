import fc from 'fast-check'
import { expect, test } from 'vitest'

import { cutResult } from '../../../src/activities/context/cut-result.ts'
import { createMessageSizes } from '../../../src/activities/context/message-sizes.ts'
import { loadTokenCounter } from '../../../src/models/token-counter.ts'
import type { HistoryMessage } from '../../../src/store/history-backend.ts'

const { signal } = new AbortController()
const exact = await loadTokenCounter({ model: 'gpt-5' })
const estimate = await loadTokenCounter({ model: 'unheard-of' })
const callId = 'c_0123456789ab.t12.r3.c31'

async function cut(text: string, cap: number, counter = exact, readsOn = true) {
  const message: HistoryMessage = { id: callId, callId, role: 'tool', text, state: 'done', createdAt: '' }
  const [tokens = 0] = await createMessageSizes().countMessages([message], counter, signal)
  const shorter = await cutResult(message, { tokens, cap, counter, readsOn, signal })
  const [after = 0] = await createMessageSizes().countMessages([shorter], counter, signal)
  return { text: shorter.text ?? '', tokens, after }
}

test('keeps the beginning, and says where to read on', async () => {
  const text = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ index })))
  const { text: shorter } = await cut(text, 800)
  const [, kept = '', words = ''] = /^([^\n]*)\n(\[cut: .*\])$/.exec(shorter) ?? []
  expect(text.startsWith(kept)).toBe(true)
  expect(kept.length).toBeGreaterThan(1_000)
  expect(words).toContain(`the first ${kept.length} of ${text.length} characters`)
  expect(words).toContain(`read_result {"callId":"t12.r3.c31","offset":${kept.length}}`)
})

test('says nothing of a tool that the model does not have', async () => {
  expect((await cut('x y '.repeat(5_000), 800, exact, false)).text).not.toContain('read_result')
})

test('behavior: of a result that was cut before, there is one word about the cut', async () => {
  const text = `${'x y '.repeat(4_000)}\n[cut: the first 16000 of 90000 characters. Read on with read_result {"offset":16000}.]`
  const { text: shorter } = await cut(text, 4_000)
  expect(shorter.match(/\[cut/g)).toHaveLength(1)
  expect(shorter).toMatch(/of 90000 characters/)
})

test('property: whatever the text, it fits where it is cut to', { timeout: 30_000 }, async () => {
  const anyText = fc
    .array(
      fc.tuple(
        fc.oneof(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
          fc.constantFrom('0x8e', ' ', '界', '😀', 'balance '),
        ),
        fc.integer({ min: 1, max: 300 }),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((parts) => parts.map(([part, times]) => part.repeat(times)).join(''))
  const anyCounter = fc.constantFrom(exact, estimate)
  await fc.assert(
    fc.asyncProperty(anyText, fc.integer({ min: 100, max: 900 }), anyCounter, async (text, cap, counter) => {
      const { after, tokens, text: shorter } = await cut(text, cap, counter)
      if (tokens <= cap) return
      expect(after).toBeLessThanOrEqual(cap)
      expect(shorter.isWellFormed()).toBe(text.isWellFormed())
    }),
    { numRuns: 100 },
  )
})
