import type { Key } from 'node:readline'
import { expect, test } from 'vitest'
import type { HumanRequest, Question, QuestionAnswers } from '../../../src/contracts/human-request.ts'
import { openPrompt, pressKey, type Prompt } from '../../../src/terminal/prompts/prompt.ts'

const optionsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ value: `v${index + 1}`, label: `Option ${index + 1}` }))
const single = (more: Partial<Extract<Question, { kind: 'single' }>> = {}): Question => ({
  id: 'q',
  kind: 'single',
  label: 'Which?',
  required: true,
  options: optionsOf(12),
  ...more,
})
const multiple = (more: Partial<Extract<Question, { kind: 'multiple' }>> = {}): Question => ({
  id: 'q',
  kind: 'multiple',
  label: 'Which?',
  required: false,
  options: optionsOf(12),
  ...more,
})

function keyOf(name: string): Key {
  const names: Record<string, string> = { ' ': 'space' }
  return { name: names[name] ?? name, sequence: name.length === 1 ? name : '' }
}

/** Presses keys on a form of one question; answers, or the prompt as it stands. */
function press(question: Question, ...names: string[]): QuestionAnswers | Prompt | undefined {
  const request: HumanRequest = {
    requestId: 'r',
    conversationId: 'c',
    turnId: 't',
    kind: 'question',
    form: { title: 'Form', questions: [question] },
    openedAt: '2026-11-21T12:00:00.000Z',
    expiresAt: '2026-11-21T15:00:00.000Z',
  }
  let prompt = openPrompt(request)
  for (const name of names) {
    const step: ReturnType<typeof pressKey> = prompt && pressKey(prompt, keyOf(name))
    if (step?.kind === 'answer' && 'answers' in step.answer) return step.answer.answers
    if (step?.kind === 'on') prompt = step.prompt
  }
  return prompt
}

test.each([
  ['a digit', single(), ['3'], { q: 'v3' }],
  ['two digits as one number', single(), ['1', '2'], { q: 'v12' }],
  ['the second digit when there is no such number', single(), ['3', '4'], { q: 'v4' }],
  ['arrows from the default', single({ default: 'v3' }), ['down'], { q: 'v4' }],
  ['the default', single({ default: 'v3' }), [], { q: 'v3' }],
  ['nothing, when it is optional', single({ required: false }), [], {}],
  ['nothing instead of a default', single({ required: false, default: 'v3' }), ['0'], { q: '' }],
])('a single choice by %s', (_name, question, keys, answers) => {
  expect(press(question, ...keys, 'return')).toEqual(answers)
})

test.each([
  ['digits', multiple(), ['3', '1'], { q: ['v1', 'v3'] }],
  ['two digits as one number', multiple(), ['1', '2'], { q: ['v12'] }],
  ['arrows and spaces', multiple(), [' ', 'down', 'down', ' '], { q: ['v1', 'v3'] }],
  ['the defaults', multiple({ default: ['v2', 'v5'] }), [], { q: ['v2', 'v5'] }],
  ['a default less', multiple({ default: ['v2', 'v5'] }), ['2'], { q: ['v5'] }],
  ['no default at all', multiple({ default: ['v2'] }), ['2'], { q: [] }],
  ['nothing', multiple(), [], {}],
])('several choices by %s', (_name, question, keys, answers) => {
  expect(press(question, ...keys, 'return')).toEqual(answers)
})

test('behavior: Enter alone chooses nothing that is required', () => {
  expect(press(single(), 'return')).toMatchObject({ remark: 'This needs an answer.', cursor: -1 })
  expect(press(multiple({ required: true }), 'return')).toMatchObject({ remark: 'This needs an answer.' })
})

test('behavior: arrows stay inside the list', () => {
  expect(press(single({ default: 'v1' }), 'up', 'return')).toEqual({ q: 'v1' })
  expect(press(single({ default: 'v12' }), 'down', 'return')).toEqual({ q: 'v12' })
})

test('behavior: letters choose nothing: they belong to the line', () => {
  expect(press(single(), 'd', 'y', '2', 'x', 'return')).toEqual({ q: 'v2' })
})
