import { AppError } from '../contracts/errors.ts'
import type { Question, QuestionForm } from '../contracts/human-request.ts'
import { cleanUntrustedText } from '../contracts/untrusted-text.ts'
import { findFormFaults } from './find-form-faults.ts'
import type { AskingTool } from './tool.ts'

/**
 * The form that an asking tool shows for one call, ready for people's screens.
 * @throws AppError `tool_failed` for one that could not be answered
 */
export function toQuestionForm(tool: AskingTool, input: unknown): QuestionForm {
  const form = cleanForm(tool.form(input))
  const [fault] = findFormFaults(form)
  if (fault === undefined) return form
  throw new AppError(
    'tool_failed',
    `The tool ${tool.name} made a form that cannot be shown: ${fault.message}`,
  )
}

/** Characters of a title, of a label and of a hint, as people are shown them. */
export const formTextLimits = { title: 120, label: 300, hint: 500, option: 200 } as const

/**
 * Takes everything invisible out of the words that people read, so that no bidi or control character changes what
 * they believe to answer, and cuts them. Values stay as they are: they are the answer.
 */
export function cleanForm({ title, questions }: QuestionForm): QuestionForm {
  return { title: cleanLine(title, formTextLimits.title), questions: questions.map(cleanQuestion) }
}

function cleanQuestion(question: Question): Question {
  const words = {
    label: cleanLine(question.label, formTextLimits.label),
    ...(question.hint === undefined ? {} : { hint: cleanLine(question.hint, formTextLimits.hint) }),
  }
  if (question.kind === 'text') return { ...question, ...words }
  const options = question.options.map(({ value, label }) => ({
    value,
    label: cleanLine(label, formTextLimits.option),
  }))
  return { ...question, ...words, options }
}

function cleanLine(text: string, limit: number): string {
  return cleanUntrustedText(text.replaceAll(/\s+/g, ' '), limit).text
}
