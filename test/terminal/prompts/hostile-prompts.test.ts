import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HumanRequest, Question } from '../../../src/contracts/human-request.ts'
import { displayWidth } from '../../../src/terminal/display-width.ts'
import { createPalette } from '../../../src/terminal/palette.ts'
import { describeRequest, describeResolution } from '../../../src/terminal/prompts/describe-request.ts'
import { openPrompt } from '../../../src/terminal/prompts/prompt.ts'
import { hintRows, promptRows } from '../../../src/terminal/prompts/prompt-rows.ts'

const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[2J', '\u001b[1A', '\r', '\n', '\u009b', '\u202e', '\u2028', '│ ', '👍', '漢字'),
      fc.constantFrom('y allow · n refuse', 'Permission, open until', ' ', '\u00a0', '\u3000', '\t'),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

const base = {
  requestId: 'r',
  conversationId: 'c',
  turnId: 't',
  openedAt: '2026-11-21T12:00:00.000Z',
  expiresAt: '2026-11-21T15:00:00.000Z',
} as const

const permissions: fc.Arbitrary<HumanRequest> = fc
  .array(fc.tuple(hostile, hostile, hostile), { minLength: 1, maxLength: 4 })
  .map((calls) => ({
    ...base,
    kind: 'permission',
    card: {
      calls: calls.map(([title, tool, other], index) => ({
        callId: `k${index}`,
        tool,
        title,
        effect: 'sign',
        input: { [other]: title },
        targets: { chainId: 1, contracts: [other], domains: [title] },
        rule: other,
      })),
    },
  }))

const questions: fc.Arbitrary<Question> = fc
  .tuple(
    hostile,
    hostile,
    fc.array(hostile, { minLength: 1, maxLength: 12 }),
    fc.constantFrom('single', 'multiple', 'text'),
  )
  .map(([label, hint, labels, kind]): Question => {
    const options = labels.map((each, index) => ({ value: `${index}`, label: each }))
    const asked = { id: 'q', label, hint, required: true }
    return kind === 'text' ? { ...asked, kind, maxLength: 9, default: label } : { ...asked, kind, options }
  })

const forms: fc.Arbitrary<HumanRequest> = fc
  .tuple(hostile, fc.array(questions, { minLength: 1, maxLength: 3 }))
  .map(([title, asked]) => ({ ...base, kind: 'question', form: { title, questions: asked } }))

const options = (columns: number, by: 'keys' | 'lines') => ({
  palette: createPalette({}, {}),
  columns,
  nowMs: Date.parse(base.openedAt),
  listSize: 5,
  by,
  conversationId: 'c',
})

test('behavior: no text of others leaves its frame, whatever it holds', () => {
  fc.assert(
    fc.property(fc.oneof(permissions, forms), fc.integer({ min: 20, max: 120 }), (request, columns) => {
      const prompt = openPrompt(request)
      if (!prompt) throw new Error('no prompt')
      const rows = promptRows(prompt, options(columns, 'keys'))
      const heads = rows.filter((row) => !row.startsWith('│ '))
      // Only the program's own words stand outside: when it ends, over one or two rows.
      expect(heads.join(' ')).toMatch(/^(Permission|Question), open until 2026-11-2\d \d\d:\d\d \(3 h\)$/)
      for (const row of [...rows, ...hintRows(prompt, options(columns, 'keys'))]) {
        // oxlint-disable-next-line no-control-regex
        expect(row).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
        expect(displayWidth(row)).toBeLessThan(columns)
      }
    }),
  )
})

test('behavior: what is told of a request is one line', () => {
  fc.assert(
    fc.property(fc.oneof(permissions, forms), hostile, (request, by) => {
      for (const text of [
        describeRequest(request),
        describeResolution({ ...request, outcome: 'rejected', by }, false),
      ]) {
        // oxlint-disable-next-line no-control-regex
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/)
      }
    }),
  )
})
