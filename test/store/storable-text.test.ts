import fc from 'fast-check'
import { expect, test } from 'vitest'

import { storableJson, storableText } from '../../src/store/storable-text.ts'
import { createStore } from '../support/store.ts'

const { database } = await createStore()

const hostile = fc.string({
  unit: fc.constantFrom(
    '\0',
    '\\',
    'u',
    '0000',
    'd800',
    '\ud83d',
    '\ude00',
    '\udfff',
    '"',
    '\n',
    '\u0001',
    'é',
    '😀',
  ),
  maxLength: 60,
})

/** Sends a text through PostgreSQL as the runtime does: inside JSON, taken apart by SQL. */
async function throughDatabase(value: unknown): Promise<{ whole: unknown; text: string }> {
  const [row] = await database.rows<{ whole: unknown; text: string }>(
    'through',
    `select $1::json as whole, $1::json ->> 'text' as text, $1::jsonb`,
    [storableJson(value)],
  )
  if (row === undefined) throw new Error('Nothing came back.')
  return row
}

test('leaves ordinary text as it is', () => {
  expect(storableText('Grüße, 世界 😀\n')).toBe('Grüße, 世界 😀\n')
  expect(storableJson({ a: 'Grüße 😀', b: [1, null, 'x"y'] })).toBe('{"a":"Grüße 😀","b":[1,null,"x\\"y"]}')
})

test('behavior: nothing becomes null', () => {
  expect(storableJson(undefined)).toBe('null')
})

test('behavior: text that looks like an escape stays text', () => {
  expect(JSON.parse(storableJson('\\u0000 \\\\ud800'))).toBe('\\u0000 \\\\ud800')
})

test('behavior: keys are replaced as well', () => {
  expect(JSON.parse(storableJson({ 'a\0': 1 }))).toEqual({ 'a\uFFFD': 1 })
})

test('behavior: takes time in proportion to the length, also for a megabyte of backslashes', () => {
  const text = `${'\\'.repeat(1_000_000)}\0`
  const begin = performance.now()
  expect(JSON.parse(storableJson(text))).toBe(storableText(text))
  expect(performance.now() - begin).toBeLessThan(2_000)
})

test('property: the length never changes, so offsets into a text stay true', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(storableText(text)).toHaveLength(text.length)
    }),
  )
})

test('property: what goes in comes out of PostgreSQL', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, hostile, async (text, key) => {
      const { whole, text: taken } = await throughDatabase({ text, nested: [{ [`k${key}`]: text }] })
      expect(taken).toBe(storableText(text))
      expect(whole).toEqual({
        text: storableText(text),
        nested: [{ [`k${storableText(key)}`]: storableText(text) }],
      })
    }),
    { numRuns: 200 },
  )
})
