import { expect, test } from 'vitest'
import { z } from 'zod'

import type { QuestionForm } from '../../src/contracts/human-request.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import { toQuestionForm } from '../../src/toolkit/to-question-form.ts'

function toTool(form: QuestionForm) {
  return defineTool({
    name: 'choose',
    title: () => 'Choose',
    description: 'Lets the user choose.',
    effect: 'read',
    uses: [],
    input: z.strictObject({}),
    output: z.object({ answers: z.record(z.string(), z.string()) }),
    form: () => form,
  })
}

const options = [
  { value: 'a', label: 'A' },
  { value: 'b', label: 'B' },
]
const question = { id: 'q', label: 'Which?', kind: 'single' as const, required: true, options }

test('gives the form that the tool makes', () => {
  const form: QuestionForm = {
    title: 'Choose',
    questions: [
      { ...question, hint: 'Take one.', default: 'b' },
      { ...question, id: 'many', kind: 'multiple', max: 1, default: ['a'] },
      { id: 'why', label: 'Why?', kind: 'text', required: false, maxLength: 5, default: 'so' },
    ],
  }
  expect(toQuestionForm(toTool(form), {})).toEqual(form)
})

test('behavior: what people read holds nothing invisible, and is cut', () => {
  const form: QuestionForm = {
    title: 'Send\u202Eto',
    questions: [
      {
        ...question,
        label: ' Really\u200B\n\nsend? ',
        hint: 'x'.repeat(10_000),
        options: [{ value: 'a', label: 'Y\u0007es\u2066' }],
      },
    ],
  }
  expect(toQuestionForm(toTool(form), {})).toMatchObject({
    title: 'Sendto',
    questions: [
      { label: 'Really send?', hint: `${'x'.repeat(499)}…`, options: [{ value: 'a', label: 'Yes' }] },
    ],
  })
})

test('error: a form that nobody could answer is a fault of the tool', () => {
  const tool = toTool({ title: 'Choose', questions: [{ ...question, options: [] }] })
  expect(() => toQuestionForm(tool, {})).toThrow(
    expect.objectContaining({
      code: 'tool_failed',
      message: expect.stringMatching(/choose made a form.*"q"/),
    }),
  )
})
