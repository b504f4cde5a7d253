import type { Question, QuestionAnswers, QuestionForm } from '../contracts/human-request.ts'

export type AnswerErrorCode =
  | 'required_field_empty'
  | 'too_many_selections'
  | 'empty_choices'
  | 'unknown_question'
  | 'unknown_choice'
  | 'text_too_long'

/** What is wrong with the answer to one question. */
export type AnswerError = { questionId: string; code: AnswerErrorCode; message: string }

export type CheckedAnswers = { ok: true; answers: QuestionAnswers } | { ok: false; errors: AnswerError[] }

/**
 * Checks a person's answers against their form. Accepted ones are in the order of the questions, with defaults
 * for what was left out and without the same choice twice; an optional question without an answer is absent.
 * Refused ones come with one error for each field that is wrong.
 */
export function checkAnswers(form: QuestionForm, answers: QuestionAnswers): CheckedAnswers {
  const given = new Map(Object.entries(answers))
  const known = new Set(form.questions.map(({ id }) => id))
  const checked = form.questions.map((question) => checkAnswer(question, given.get(question.id)))
  const errors = [
    ...[...given.keys()].filter((id) => !known.has(id)).map(toUnknownQuestion),
    ...checked.flatMap((one) => ('error' in one ? [one.error] : [])),
  ]
  if (errors.length > 0) return { ok: false, errors }
  const accepted = checked.flatMap((one): [string, string | string[]][] =>
    'answer' in one ? [[one.questionId, one.answer]] : [],
  )
  return { ok: true, answers: Object.fromEntries(accepted) }
}

type Answer = string | string[]
type Checked = { error: AnswerError } | { questionId: string; answer: Answer } | { questionId: string }

function checkAnswer(question: Question, given: Answer | undefined): Checked {
  return question.kind === 'text' ? checkText(question, given) : checkChoice(question, given)
}

function checkText(question: Extract<Question, { kind: 'text' }>, given: Answer | undefined): Checked {
  const { id, label, required, maxLength } = question
  const [text = '', ...more] = toList(given)
  if (more.length > 0) return refuse(id, 'too_many_selections', `${quote(label)} takes one text.`)
  // A text that was emptied on purpose stays empty, unless something has to stand there.
  const preset = given === undefined || required ? (question.default ?? '') : ''
  const answer = text.trim() === '' ? preset : text
  if (answer.trim() === '') {
    return required
      ? refuse(id, 'required_field_empty', `${quote(label)} needs an answer.`)
      : { questionId: id }
  }
  if (answer.length > maxLength) {
    const count = `it has ${answer.length} characters`
    return refuse(id, 'text_too_long', `${quote(label)} takes at most ${maxLength} characters; ${count}.`)
  }
  return { questionId: id, answer }
}

function checkChoice(question: Exclude<Question, { kind: 'text' }>, given: Answer | undefined): Checked {
  const { id, label, required, options } = question
  const chosen = [...new Set(toList(given ?? question.default))]
  const unknown = chosen.find((value) => !options.some((option) => option.value === value))
  if (unknown !== undefined) {
    const message = `${quote(label)} has no choice ${quote(unknown)}. Choose from: ${listValues(question)}.`
    return refuse(id, 'unknown_choice', message)
  }
  if (chosen.length === 0 && required) {
    return given === undefined
      ? refuse(id, 'required_field_empty', `${quote(label)} needs an answer.`)
      : refuse(id, 'empty_choices', `${quote(label)} needs at least one choice.`)
  }
  const most = question.kind === 'single' ? 1 : (question.max ?? options.length)
  if (chosen.length > most) {
    const count = `at most ${most} ${most === 1 ? 'choice' : 'choices'}`
    return refuse(id, 'too_many_selections', `${quote(label)} takes ${count}; ${chosen.length} were made.`)
  }
  if (question.kind === 'multiple')
    return given === undefined && chosen.length === 0
      ? { questionId: id }
      : { questionId: id, answer: chosen }
  const [answer] = chosen
  return answer === undefined ? { questionId: id } : { questionId: id, answer }
}

/** What a client sends for nothing chosen, an empty text or an empty list, is no choice. */
function toList(answer: Answer | undefined): string[] {
  if (answer === undefined || answer === '') return []
  return typeof answer === 'string' ? [answer] : answer
}

function toUnknownQuestion(questionId: string): AnswerError {
  const message = `The form has no question ${quote(questionId)}.`
  return { questionId, code: 'unknown_question', message }
}

function refuse(questionId: string, code: AnswerErrorCode, message: string): Checked {
  return { error: { questionId, code, message } }
}

function listValues({ options }: Exclude<Question, { kind: 'text' }>): string {
  const shown = options.slice(0, 10).map(({ value }) => value)
  return options.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ')
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
