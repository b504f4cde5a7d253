import type { Question, QuestionForm } from '../contracts/human-request.ts'
import { answerFieldLimit, optionLimit, questionLimit } from '../contracts/limits.ts'

/** What is wrong with a form, at which question (its index), in words that the author of the form can act on. */
export type FormFault = { index?: number; message: string }

/** Everything for which a form could not be shown or answered. A choice without options is `empty_choices`. */
export function findFormFaults({ title, questions }: QuestionForm): FormFault[] {
  const count = questions.length
  return [
    ...(isBlank(title)
      ? [{ message: 'The title is blank. Write what this is about, or leave it out.' }]
      : []),
    ...(count === 0 ? [{ message: 'There is no question. Ask at least one.' }] : []),
    ...(count > questionLimit
      ? [{ message: `There are ${count} questions. Ask at most ${questionLimit}.` }]
      : []),
    ...questions.flatMap((question, index) =>
      [...findIdFaults(question, index, questions), ...findQuestionFaults(question)].map((fault) => ({
        index,
        message: `Question ${nameOf(question, index)} ${fault}`,
      })),
    ),
  ]
}

function findIdFaults({ id }: Question, index: number, questions: readonly Question[]): string[] {
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(id)) {
    return ['has an id of another form. Write a letter, then letters, digits, _, . or -, at most 64.']
  }
  const first = questions.findIndex((other) => other.id === id)
  return first < index ? [`has the id of question ${first + 1}. Give each its own.`] : []
}

function findQuestionFaults(question: Question): string[] {
  const faults = isBlank(question.label) ? ['has a blank label. Write what you ask.'] : []
  return [...faults, ...(question.kind === 'text' ? findTextFaults(question) : findChoiceFaults(question))]
}

function findTextFaults({ maxLength, default: preset = '' }: Extract<Question, { kind: 'text' }>): string[] {
  if (!Number.isInteger(maxLength) || maxLength < 1 || maxLength > answerFieldLimit) {
    return [`has a maxLength of ${maxLength}. Write one from 1 to ${answerFieldLimit}.`]
  }
  if (preset.length <= maxLength) return []
  return [`has a default of ${preset.length} characters, more than its maxLength of ${maxLength}.`]
}

function findChoiceFaults(question: Exclude<Question, { kind: 'text' }>): string[] {
  const { options } = question
  if (options.length === 0)
    return ['is a choice without options (empty_choices). Give options, or use kind text.']
  const values = options.map(({ value }) => value)
  const labels = options.map(({ label }) => label.trim())
  const faults: string[] = []
  if (options.length > optionLimit) faults.push(`has ${options.length} options. Give at most ${optionLimit}.`)
  const blank = options.findIndex(({ label, value }) => isBlank(label) || isBlank(value))
  if (blank >= 0) faults.push(`has a blank label or value in option ${blank + 1}.`)
  const [twin, twinLabel] = [findTwin(values), findTwin(labels)]
  if (twin !== undefined) faults.push(`has the option value ${quote(twin)} twice.`)
  else if (twinLabel !== undefined) faults.push(`has the option label ${quote(twinLabel)} twice.`)
  return [...faults, ...findDefaultFaults(question, values)]
}

function findDefaultFaults(
  question: Exclude<Question, { kind: 'text' }>,
  values: readonly string[],
): string[] {
  const presets = [question.default ?? []].flat()
  const faults: string[] = []
  const unknown = presets.find((value) => !values.includes(value))
  if (unknown !== undefined) {
    faults.push(`has the default ${quote(unknown)}, which is not the value of one of its options.`)
  }
  if (question.kind === 'single' || question.max === undefined) return faults
  const { max } = question
  if (!Number.isInteger(max) || max < 1) return [...faults, `has a max of ${max}. Write 1 or more.`]
  const chosen = new Set(presets).size
  if (chosen > max) faults.push(`has ${chosen} defaults, more than its max of ${max}.`)
  return faults
}

function findTwin(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) !== index)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

function nameOf({ id }: Question, index: number): string {
  return id === '' ? String(index + 1) : quote(id)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
