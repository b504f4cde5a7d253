import { expect, test } from 'vitest'

import type { Question } from '../../src/contracts/human-request.ts'
import { findFormFaults } from '../../src/toolkit/find-form-faults.ts'

const toOptions = (...values: string[]) => values.map((value) => ({ value, label: value.toUpperCase() }))
const single = {
  id: 'token',
  label: 'Which?',
  kind: 'single' as const,
  required: true,
  options: toOptions('a', 'b'),
}
const multiple = { ...single, kind: 'multiple' as const }
const text = { id: 'note', label: 'Why?', kind: 'text' as const, required: true, maxLength: 10 }
const messagesOf = (...questions: Question[]) =>
  findFormFaults({ title: 'A form', questions }).map(({ message }) => message)

test('a form that can be answered has none', () => {
  const form = [
    { ...single, default: 'a' },
    { ...multiple, id: 'tokens', max: 1, default: ['b'] },
    { ...text, default: 'so' },
  ]
  expect(messagesOf(...form)).toEqual([])
})

test.each<[string, Question, RegExp]>([
  ['no options', { ...single, options: [] }, /choice without options \(empty_choices\)/],
  [
    '51 options',
    { ...single, options: toOptions(...Array.from({ length: 51 }, (_, index) => `v${index}`)) },
    /51 options.*at most 50/,
  ],
  ['one value twice', { ...multiple, options: toOptions('a', 'b', 'a') }, /option value "a" twice/],
  [
    'one label twice',
    { ...single, options: [...toOptions('a'), { value: 'b', label: 'A ' }] },
    /option label "A" twice/,
  ],
  [
    'a blank label of an option',
    { ...single, options: [{ value: 'a', label: ' ' }] },
    /blank .* in option 1/,
  ],
  ['a default that is no option', { ...single, default: 'c' }, /default "c", which is not the value/],
  ['a default that is the label', { ...multiple, default: ['a', 'B'] }, /default "B", which is not/],
  [
    'more defaults than choices',
    { ...multiple, max: 1, default: ['a', 'b'] },
    /2 defaults, more than its max of 1/,
  ],
  ['a max of none', { ...multiple, max: 0 }, /max of 0/],
  ['a blank label', { ...text, id: 'token', label: ' ' }, /blank label/],
  ['no length', { ...text, id: 'token', maxLength: 0 }, /maxLength of 0/],
  ['a length without end', { ...text, id: 'token', maxLength: 4_001 }, /from 1 to 4000/],
  ['a default too long', { ...text, id: 'token', maxLength: 2, default: 'abc' }, /default of 3 characters/],
])('error: %s', (_what, question, message) => {
  expect(messagesOf(question)).toEqual([expect.stringMatching(/^Question "token" /)])
  expect(messagesOf(question)[0]).toMatch(message)
})

test('error: one id twice', () => {
  expect(messagesOf(text, single, { ...text, label: 'Again?' })).toEqual([
    'Question "note" has the id of question 1. Give each its own.',
  ])
})

test.each(['', ' ', '1st', '__proto__', 'a b', 'a'.repeat(65)])('error: an id %j of another form', (id) => {
  expect(messagesOf({ ...text, id })).toEqual([expect.stringMatching(/^Question .* id of another form/)])
})

test('error: no question, too many, a blank title', () => {
  expect(messagesOf()).toEqual(['There is no question. Ask at least one.'])
  const many = Array.from({ length: 21 }, (_, index) => ({ ...text, id: `q${index}` }))
  expect(messagesOf(...many)).toEqual(['There are 21 questions. Ask at most 20.'])
  expect(findFormFaults({ title: ' ', questions: [text] })).toEqual([
    { message: expect.stringContaining('title is blank') },
  ])
})
