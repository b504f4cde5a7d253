import { describe, expect, test } from 'vitest'

import { parseInput } from '../../src/toolkit/parse-input.ts'
import { toModelTool } from '../../src/toolkit/model-tool.ts'
import { toQuestionForm } from '../../src/toolkit/to-question-form.ts'
import askUser from '../../src/tools/ask-user.ts'

const options = [
  { value: 'usdc', label: 'USD Coin' },
  { value: 'dai', label: 'Dai' },
]
const question = { id: 'token', label: 'Which token?', kind: 'single', options }

function toForm(input: object) {
  const parsed = parseInput(askUser, JSON.stringify(input))
  if (!parsed.ok) throw new Error(parsed.error.message)
  return toQuestionForm(askUser, parsed.input)
}

function faultOf(...questions: object[]): string {
  const parsed = parseInput(askUser, JSON.stringify({ questions }))
  return parsed.ok ? '' : parsed.error.message
}

test('asks several questions as one form', () => {
  const form = toForm({
    title: 'Your transfer',
    questions: [
      { ...question, default: 'dai', hint: 'Both are on this chain.' },
      { ...question, id: 'more', kind: 'multiple', max: 2, required: false, default: ['dai'] },
      { id: 'note', label: 'A note?', kind: 'text', required: false, maxLength: 80, default: 'none' },
    ],
  })
  expect(form).toEqual({
    title: 'Your transfer',
    questions: [
      { ...question, required: true, default: 'dai', hint: 'Both are on this chain.' },
      { ...question, id: 'more', kind: 'multiple', max: 2, required: false, default: ['dai'] },
      { id: 'note', label: 'A note?', kind: 'text', required: false, maxLength: 80, default: 'none' },
    ],
  })
})

test('behavior: what is left out is filled in', () => {
  expect(toForm({ questions: [{ id: 'why', label: 'Why?', kind: 'text' }] })).toEqual({
    title: 'A question',
    questions: [{ id: 'why', label: 'Why?', kind: 'text', required: true, maxLength: 4_000 }],
  })
  expect(toForm({ questions: [question, { ...question, id: 'other' }] }).title).toBe('2 questions')
})

test('behavior: one default for several choices is a list of one, a list of one is one default', () => {
  const [first, second] = toForm({
    questions: [
      { ...question, kind: 'multiple', default: 'dai' },
      { ...question, id: 'other', default: ['dai'] },
    ],
  }).questions
  expect([first?.default, second?.default]).toEqual([['dai'], 'dai'])
})

test("behavior: its title counts, and holds none of the model's words", () => {
  const input = (count: number) => ({
    questions: Array.from({ length: count }, () => ({
      id: 'why',
      label: 'Why?',
      kind: 'text' as const,
      required: true,
      maxLength: 10,
    })),
  })
  expect(askUser.title(input(1))).toBe('Ask a question')
  expect(askUser.title(input(3))).toBe('Ask 3 questions')
})

test('behavior: invisible characters of labels never reach a person', () => {
  const [asked] = toForm({
    questions: [{ ...question, label: 'Send \u202Eall\u202C\u0007' }],
  }).questions
  expect(asked?.label).toBe('Send all')
})

test('a model is told of it without references or transforms', () => {
  const { parameters } = toModelTool(askUser)
  expect(parameters).toMatchObject({ type: 'object', required: ['questions'], additionalProperties: false })
  expect(JSON.stringify(parameters)).not.toContain('$ref')
})

describe('error: the model is told which question is wrong, and why', () => {
  test.each<[string, object[], RegExp]>([
    ['one id twice', [question, question], /questions\.1: Question "token" has the id of question 1/],
    [
      'no options',
      [{ ...question, options: [] }],
      /Question "token" is a choice without options \(empty_choices\)/,
    ],
    ['options left out', [{ ...question, options: undefined }], /"token" .*empty_choices/],
    ['a default that is no option', [{ ...question, default: 'eth' }], /"token" has the default "eth"/],
    [
      'one value twice',
      [{ ...question, options: [options[0], { value: 'usdc', label: 'Other' }] }],
      /"token" has the option value "usdc" twice/,
    ],
    [
      'more defaults than max',
      [{ ...question, kind: 'multiple', max: 1, default: ['usdc', 'dai'] }],
      /"token" has 2 defaults, more than its max of 1/,
    ],
    [
      'two defaults for one choice',
      [{ ...question, default: ['usdc', 'dai'] }],
      /"token" takes one default; 2/,
    ],
    [
      'a label that only looks like one',
      [{ ...question, label: '\u200B \u2060' }],
      /"token" has a blank label/,
    ],
    ['options of a text', [{ ...question, kind: 'text' }], /"token" is a text with options/],
    [
      'a default longer than the text',
      [{ id: 'a', label: 'A', kind: 'text', maxLength: 2, default: 'abc' }],
      /"a" has a default of 3/,
    ],
    ['another kind', [{ ...question, kind: 'slider' }], /questions\.0\.kind: /],
    ['an unknown field', [{ ...question, choices: options }], /questions\.0: Unrecognized key: "choices"/],
    [
      'an invisible value',
      [{ ...question, options: [{ value: 'a\u200Bb', label: 'A' }] }],
      /invisible characters/,
    ],
    ['no question', [], /questions: /],
    [
      '21 questions',
      Array.from({ length: 21 }, (_, index) => ({ ...question, id: `q${index}` })),
      /questions: /,
    ],
  ])('%s', (_what, questions, message) => {
    expect(faultOf(...questions)).toMatch(message)
  })
})
