import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Question, QuestionAnswers, QuestionForm } from '../../src/contracts/human-request.ts'
import { checkAnswers } from '../../src/schemas/check-answers.ts'

const options = ['eth', 'usdc', 'dai'].map((value) => ({ value, label: value.toUpperCase() }))
const token: Question = { id: 'token', label: 'Which token?', kind: 'single', required: true, options }
const tokens: Question = {
  id: 'tokens',
  label: 'Which tokens?',
  kind: 'multiple',
  required: true,
  options,
  max: 2,
}
const note: Question = { id: 'note', label: 'Anything else?', kind: 'text', required: true, maxLength: 10 }

const toForm = (...questions: Question[]): QuestionForm => ({ title: 'A form', questions })
const check = (question: Question, answers: QuestionAnswers) => checkAnswers(toForm(question), answers)
const refused = (questionId: string, code: string) => ({
  ok: false,
  errors: [{ questionId, code, message: expect.stringMatching(/^".+" .+\.$|^The form has no/) }],
})

test('takes what fits, in the order of the questions', () => {
  const answers = { note: 'hello', tokens: ['dai', 'eth'], token: 'usdc' }
  const checked = checkAnswers(toForm(token, tokens, note), answers)
  expect(checked).toEqual({ ok: true, answers })
  expect(checked.ok && Object.keys(checked.answers)).toEqual(['token', 'tokens', 'note'])
})

test('tells every field that is wrong at once', () => {
  const checked = checkAnswers(toForm(token, tokens, note), { token: 'btc', tokens: [], other: 'x' })
  expect(checked).toMatchObject({
    ok: false,
    errors: [
      { questionId: 'other', code: 'unknown_question' },
      { questionId: 'token', code: 'unknown_choice' },
      { questionId: 'tokens', code: 'empty_choices' },
      { questionId: 'note', code: 'required_field_empty' },
    ],
  })
})

describe('error: one field', () => {
  test.each<[string, Question, QuestionAnswers, string]>([
    ['nothing', token, {}, 'required_field_empty'],
    ['nothing', tokens, {}, 'required_field_empty'],
    ['nothing', note, {}, 'required_field_empty'],
    ['an empty text', note, { note: '' }, 'required_field_empty'],
    ['a blank text', note, { note: ' \n\t ' }, 'required_field_empty'],
    ['no text in a list', note, { note: [] }, 'required_field_empty'],
    ['no choice', tokens, { tokens: [] }, 'empty_choices'],
    ['no choice', token, { token: '' }, 'empty_choices'],
    ['no choice in spite of a default', { ...token, default: 'eth' }, { token: [] }, 'empty_choices'],
    ['two of a single choice', token, { token: ['eth', 'dai'] }, 'too_many_selections'],
    ['three of at most two', tokens, { tokens: ['eth', 'dai', 'usdc'] }, 'too_many_selections'],
    ['several texts', note, { note: ['a', 'b'] }, 'too_many_selections'],
    ['another choice', token, { token: 'ETH' }, 'unknown_choice'],
    ['one other choice of several', tokens, { tokens: ['eth', 'btc'] }, 'unknown_choice'],
    ['a long text', note, { note: 'a'.repeat(11) }, 'text_too_long'],
  ])('%s', (_what, question, answers, code) => {
    expect(check(question, answers)).toEqual(refused(question.id, code))
  })

  test.each(['other', 'toString', 'constructor'])('a question %s that was not asked', (id) => {
    expect(check({ ...note, required: false }, { [id]: 'x' })).toEqual(refused(id, 'unknown_question'))
  })
})

test.each<[string, Question, QuestionAnswers, QuestionAnswers]>([
  ['a default fills a text that is missing', { ...note, default: 'none' }, {}, { note: 'none' }],
  [
    'a default fills a required text that is blank',
    { ...note, default: 'none' },
    { note: ' ' },
    { note: 'none' },
  ],
  ['a default fills a choice', { ...token, default: 'dai' }, {}, { token: 'dai' }],
  ['a default fills choices', { ...tokens, default: ['dai', 'eth'] }, {}, { tokens: ['dai', 'eth'] }],
  ['a default gives way to an answer', { ...token, default: 'dai' }, { token: 'eth' }, { token: 'eth' }],
  [
    'the same choice twice is one',
    tokens,
    { tokens: ['eth', 'eth', 'dai', 'eth'] },
    { tokens: ['eth', 'dai'] },
  ],
  ['one value does for several', tokens, { tokens: 'eth' }, { tokens: ['eth'] }],
  ['a list of one does for a single choice', token, { token: ['eth', 'eth'] }, { token: 'eth' }],
  ['an optional question may be left out', { ...token, required: false }, {}, {}],
  ['an optional text may be emptied', { ...note, required: false, default: 'a' }, { note: '' }, {}],
  ['an optional choice may be taken back', { ...token, required: false, default: 'eth' }, { token: [] }, {}],
  ['none of several may be an answer', { ...tokens, required: false }, { tokens: [] }, { tokens: [] }],
  ['a text keeps its spaces', note, { note: ' a b ' }, { note: ' a b ' }],
])('behavior: %s', (_what, question, answers, accepted) => {
  expect(check(question, answers)).toEqual({ ok: true, answers: accepted })
})

const ids = ['a', 'b', 'toString', '__proto__']
const values = ['eth', 'usdc', 'dai']
const base = { label: fc.string(), required: fc.boolean() }
const questions = fc.oneof(
  fc.record(
    {
      ...base,
      kind: fc.constant('single' as const),
      options: fc.constant(options),
      default: fc.constantFrom(...values),
    },
    { requiredKeys: ['label', 'required', 'kind', 'options'] },
  ),
  fc.record(
    {
      ...base,
      kind: fc.constant('multiple' as const),
      options: fc.constant(options),
      max: fc.integer({ min: 1, max: 3 }),
      default: fc.subarray(values, { maxLength: 1 }),
    },
    { requiredKeys: ['label', 'required', 'kind', 'options'] },
  ),
  fc.record(
    {
      ...base,
      kind: fc.constant('text' as const),
      maxLength: fc.integer({ min: 3, max: 20 }),
      default: fc.constantFrom('', ' ', 'abc'),
    },
    { requiredKeys: ['label', 'required', 'kind', 'maxLength'] },
  ),
)
const forms = fc
  .tuple(fc.subarray(ids), fc.array(questions, { minLength: 4, maxLength: 4 }))
  .map(([chosen, made]) =>
    toForm(
      ...chosen.flatMap((id, index) => made.slice(index, index + 1).map((question) => ({ ...question, id }))),
    ),
  )
const answer = fc.oneof(
  fc.constantFrom('', ' ', 'abc', 'a'.repeat(30), ...values),
  fc.array(fc.constantFrom('', 'btc', ...values), { maxLength: 5 }),
)
const answerSets = fc.dictionary(fc.constantFrom('c', ...ids), answer)

describe('whatever is answered', () => {
  test('accepted answers hold every required question, and nothing that was not asked', () => {
    fc.assert(
      fc.property(forms, answerSets, (form, answers) => {
        const checked = checkAnswers(form, answers)
        if (!checked.ok) return
        const required = form.questions.filter((question) => question.required).map(({ id }) => id)
        const keys = Object.keys(checked.answers)
        expect(keys).toEqual(expect.arrayContaining(required))
        expect(form.questions.map(({ id }) => id)).toEqual(expect.arrayContaining(keys))
      }),
      { numRuns: 2_000 },
    )
  })

  test('accepted answers are accepted again as they are, and fit their questions', () => {
    fc.assert(
      fc.property(forms, answerSets, (form, answers) => {
        const checked = checkAnswers(form, answers)
        if (!checked.ok) return
        const given = new Map(Object.entries(checked.answers))
        for (const question of form.questions) expect(isFitting(question, given.get(question.id))).toBe(true)
        const required = toForm(...form.questions.filter(({ id }) => given.has(id)))
        expect(checkAnswers(required, checked.answers)).toEqual(checked)
      }),
      { numRuns: 2_000 },
    )
  })

  test('refused answers name each field once', () => {
    fc.assert(
      fc.property(forms, answerSets, (form, answers) => {
        const checked = checkAnswers(form, answers)
        const named = checked.ok ? [] : checked.errors.map(({ questionId }) => questionId)
        expect(named.length > 0).toBe(!checked.ok)
        expect(new Set(named).size).toBe(named.length)
      }),
      { numRuns: 2_000 },
    )
  })
})

function isFitting(question: Question, given: string | string[] | undefined): boolean {
  if (given === undefined) return !question.required
  if (question.kind === 'text') return typeof given === 'string' && given.length <= question.maxLength
  if (question.kind === 'single') return typeof given === 'string' && values.includes(given)
  const isWithinMax = given.length <= (question.max ?? options.length)
  return Array.isArray(given) && isWithinMax && given.every((value) => values.includes(value))
}
