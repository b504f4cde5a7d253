import { z } from 'zod'

import type { Question, QuestionForm } from '../contracts/human-request.ts'
import { answerFieldLimit, optionLimit, questionLimit } from '../contracts/limits.ts'
import { defineTool } from '../toolkit/define-tool.ts'
import { findFormFaults } from '../toolkit/find-form-faults.ts'
import { cleanForm, formTextLimits } from '../toolkit/to-question-form.ts'

const option = z.strictObject({
  value: z
    .string()
    .min(1)
    .max(200)
    // Cleaning could make two values one, so an invisible character is refused.
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'It holds invisible characters. Leave them out.')
    .describe('What you get back when it is chosen.'),
  label: z.string().max(formTextLimits.option).describe('What the user reads.'),
})

const question = z.strictObject({
  id: z.string().max(64).describe('Name of the answer, as "recipient": letters, digits and _.'),
  label: z.string().max(formTextLimits.label).describe('The question itself.'),
  hint: z.string().max(formTextLimits.hint).optional().describe('One line that helps to decide.'),
  kind: z.enum(['single', 'multiple', 'text']).describe('One choice, several choices, or free text.'),
  options: z
    .array(option)
    .max(optionLimit)
    .optional()
    .describe('For single and multiple: what to choose from.'),
  required: z.boolean().default(true).describe('Whether it must be answered.'),
  default: z
    .union([z.string(), z.array(z.string()).max(optionLimit)])
    .optional()
    .describe(
      'What counts when the user leaves it out: the value of an option, several for multiple, or a text.',
    ),
  max: z.int().min(1).max(optionLimit).optional().describe('For multiple: how many may be chosen.'),
  maxLength: z.int().min(1).max(answerFieldLimit).default(answerFieldLimit).describe('For text: characters.'),
})

const input = z
  .strictObject({
    title: z
      .string()
      .max(formTextLimits.title)
      .optional()
      .describe('What the questions are about, in a few words.'),
    questions: z
      .array(question)
      .min(1)
      .max(questionLimit)
      .describe(`1 to ${questionLimit} questions, each with its own id; options for single and multiple.`),
  })
  .superRefine(({ title, questions }, context) => {
    for (const { index, message } of listFaults(title, questions)) {
      context.addIssue({ code: 'custom', message, path: index === undefined ? [] : ['questions', index] })
    }
  })

export default defineTool({
  name: 'ask_user',
  title: ({ questions: { length } }) => (length === 1 ? 'Ask a question' : `Ask ${length} questions`),
  description:
    'Asks the user and waits for the answers, which may take days. Use it when you cannot go on without a decision or a fact that only the user has: which of several accounts, tokens or amounts is meant, or whether to go on. Ask everything you need at once, as one form with several questions. Offer choices where you know them, and a default where one is likely. Do not use it for what a tool can find out, for what the user has said already, to ask permission for another tool (that is done by itself), or for small talk: write that as your answer. Never ask for private keys, seed phrases or passwords. The user may decline; then go on without the answer or say what is missing.',
  effect: 'read',
  uses: [],
  input,
  output: z.object({
    answers: z
      .record(z.string(), z.union([z.string(), z.array(z.string())]))
      .describe(
        'By question id: a text or the value of an option, or several values. Unanswered ones are absent.',
      ),
  }),
  form: ({ title, questions }) => toForm(title, questions),
})

type AskedQuestion = z.output<typeof question>

function toForm(title: string | undefined, questions: readonly AskedQuestion[]): QuestionForm {
  const usual = questions.length === 1 ? 'A question' : `${questions.length} questions`
  return cleanForm({ title: title ?? usual, questions: questions.map(toQuestion) })
}

function toQuestion(asked: AskedQuestion): Question {
  const { id, label, hint, required, options = [], default: preset, max, maxLength } = asked
  const base = { id, label, required, ...(hint === undefined ? {} : { hint }) }
  const presets = preset === undefined ? [] : [preset].flat()
  const [first] = presets
  const single = first === undefined ? {} : { default: first }
  switch (asked.kind) {
    case 'single':
      return { ...base, kind: 'single', options, ...single }
    case 'text':
      return { ...base, kind: 'text', maxLength, ...single }
    case 'multiple': {
      const limits = max === undefined ? {} : { max }
      return {
        ...base,
        kind: 'multiple',
        options,
        ...limits,
        ...(first === undefined ? {} : { default: presets }),
      }
    }
  }
}

function listFaults(title: string | undefined, questions: readonly AskedQuestion[]) {
  const misfits = questions.flatMap(({ id, kind, options = [], default: preset }, index) => {
    const name = `Question ${JSON.stringify(id)}`
    const faults: { index: number; message: string }[] = []
    if (kind === 'text' && options.length > 0) {
      faults.push({
        index,
        message: `${name} is a text with options. Use kind single or multiple, or leave them out.`,
      })
    }
    if (kind !== 'multiple' && Array.isArray(preset) && preset.length > 1) {
      faults.push({ index, message: `${name} takes one default; ${preset.length} are given.` })
    }
    return faults
  })
  return [...misfits, ...findFormFaults(toForm(title, questions))]
}
