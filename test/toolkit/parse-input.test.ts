import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { defineTool } from '../../src/toolkit/define-tool.ts'
import { address, chainId } from '../../src/toolkit/fields.ts'
import { parseInput } from '../../src/toolkit/parse-input.ts'

const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

const tool = defineTool({
  name: 'sample',
  title: () => 'Sample',
  description: 'A sample.',
  effect: 'read',
  uses: [],
  input: z.strictObject({ address, chainId: chainId.optional(), args: z.array(z.unknown()).default([]) }),
  output: z.object({}),
  run: async () => ({}),
})

function faultOf(text: string): string {
  const parsed = parseInput(tool, text)
  if (parsed.ok) throw new Error('The input was taken.')
  expect(parsed.error).toMatchObject({ code: 'tool_input_invalid', retryable: true })
  return parsed.error.message
}

test('gives the validated input, defaults filled in', () => {
  const text = JSON.stringify({ address: alice, chainId: 1 })
  expect(parseInput(tool, text)).toEqual({ ok: true, input: { address: alice, chainId: 1, args: [] } })
})

test('behavior: nothing at all is an empty object, as several models write it', () => {
  const { targets: _targets, ...rest } = tool
  const none = defineTool({ ...rest, input: z.strictObject({}), title: () => '', run: async () => ({}) })
  expect(parseInput(none, ' ')).toEqual({ ok: true, input: {} })
})

describe('error: the message says per field what is wrong and what to write', () => {
  test.each([
    [
      'a number for a text',
      '{"address": 7}',
      /- address: .*expected string.* Expected: Address: 0x and 40 hex digits/,
    ],
    [
      'a text for a number',
      `{"address": "${alice}", "chainId": "1"}`,
      /- chainId: .*expected number.* Expected: Chain id/,
    ],
    ['a missing field', '{}', /- address: /],
    ['a wrong checksum', `{"address": "${alice.slice(0, -1)}9"}`, /- address: .*wrong checksum/],
    ['a name', '{"address": "Alice"}', /- address: .*names are not accepted/],
    ['an unknown field', `{"address": "${alice}", "adress": 1}`, /Unrecognized key: "adress"/],
    ['a list', '[]', /expected object/],
    ['null', 'null', /expected object/],
  ])('%s', (_what, text, message) => {
    expect(faultOf(text)).toMatch(message)
  })
})

describe('error: hostile text', () => {
  test.each([
    ['not JSON', '{address: 0x1}', 'not valid JSON'],
    ['half of JSON', '{"address": "', 'not valid JSON'],
    ['deep nesting', `{"args": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested deeper'],
    ['deep nesting that never ends', '[{"a":'.repeat(10_000), 'nested deeper'],
    ['too much', `{"address": "${'a'.repeat(300_000)}"}`, 'longer than'],
    ['a NUL character', '{"address": "\\u0000"}', 'NUL'],
    ['half a surrogate pair in a name', '{"\\ud800": 1}', 'NUL character or half'],
    ['a prototype', `{"address": "${alice}", "__proto__": {"isAdmin": true}}`, 'Unrecognized key'],
    ['a constructor', `{"address": "${alice}", "constructor": {}}`, 'Unrecognized key'],
  ])('%s', (_what, text, message) => {
    expect(faultOf(text)).toContain(message)
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })

  test('behavior: brackets inside a text are no nesting', () => {
    const text = JSON.stringify({ address: alice, args: ['['.repeat(1_000), '\\"{{{'] })
    expect(parseInput(tool, text).ok).toBe(true)
  })

  test('behavior: a check that throws is told as wrong input', () => {
    const input = z.strictObject({ text: z.string().refine(() => JSON.parse('{') === 1) })
    const { targets: _targets, ...rest } = tool
    const fragile = defineTool({ ...rest, input, title: () => '', run: async () => ({}) })
    expect(parseInput(fragile, '{"text": "a"}')).toMatchObject({
      ok: false,
      error: { code: 'tool_input_invalid' },
    })
  })

  test('behavior: a thousand faults make a short message', () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`field${i}`, i])))
    expect(faultOf(many).length).toBeLessThan(4_000)
  })
})

test('behavior: never throws, whatever the model writes', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json({ maxDepth: 40 }),
    fc.json().map((text) => text.slice(1)),
  )
  const isTakenOrTold = fc.property(texts, (text) => {
    const parsed = parseInput(tool, text)
    return parsed.ok || /^.{20,4000}$/su.test(parsed.error.message)
  })
  expect(fc.check(isTakenOrTold, { numRuns: 2_000 })).toMatchObject({ failed: false })
})

test('behavior: what is taken always has the shape of the schema', () => {
  const inputs = fc.record(
    { address: fc.constantFrom(alice, alice.toLowerCase(), '0x'), chainId: fc.anything() },
    { requiredKeys: [] },
  )
  const isValid = fc.property(inputs, (input) => {
    const parsed = parseInput(tool, JSON.stringify(input) ?? '')
    return !parsed.ok || tool.input.safeParse(parsed.input).success
  })
  expect(fc.check(isValid)).toMatchObject({ failed: false })
})
