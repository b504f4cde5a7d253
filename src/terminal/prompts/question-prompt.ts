import type { HumanRequest, Question, QuestionAnswers, QuestionForm } from '../../contracts/human-request.ts'
import type { PromptStep } from './prompt-step.ts'

/** A form that is being answered, one question after the other. Immutable. */
export type QuestionPrompt = {
  kind: 'question'
  request: HumanRequest
  form: QuestionForm
  /** The question that is open; behind the last one stands the summary of all. */
  index: number
  /** The answers so far, defaults included. */
  answers: Readonly<QuestionAnswers>
  /** The highlighted option; -1 for none. */
  cursor: number
  /** What was typed of an option's number. */
  digits: string
  /** What the server finds wrong, by question id. */
  errors: Readonly<Record<string, string>>
  remark?: string
}

type Step = PromptStep<QuestionPrompt>

export function openQuestionPrompt(request: HumanRequest, form: QuestionForm): QuestionPrompt {
  const defaults = form.questions.flatMap(({ id, default: preset }) =>
    preset === undefined ? [] : [[id, preset] as const],
  )
  const answers = Object.fromEntries(defaults)
  const base = { kind: 'question', request, form, index: 0, answers, errors: {} } as const
  return goTo({ ...base, cursor: -1, digits: '' }, 0)
}

/** The question that is open; undefined at the summary. */
export function currentQuestion({ form, index }: QuestionPrompt): Question | undefined {
  return form.questions[index]
}

/** What is chosen of a question with options; in the order of the options for several. */
export function chosenValues({ answers }: QuestionPrompt, { id }: Question): string[] {
  const answer = Object.hasOwn(answers, id) ? answers[id] : undefined
  if (answer === undefined) return []
  return typeof answer === 'string' ? [answer] : answer
}

/** Opens another question of the form, or the summary. */
function goTo({ remark: _remark, ...prompt }: QuestionPrompt, index: number): QuestionPrompt {
  const question = prompt.form.questions[index]
  const moved = { ...prompt, index, digits: '' }
  return { ...moved, cursor: question ? firstCursor(moved, question) : -1 }
}

/** On the preselected option. Without one, Enter alone must not choose. */
function firstCursor(prompt: QuestionPrompt, question: Question): number {
  if (question.kind === 'text') return -1
  const [chosen] = chosenValues(prompt, question)
  const index = question.options.findIndex(({ value }) => value === chosen)
  return index === -1 && question.kind === 'multiple' ? 0 : index
}

/** Notes an answer; undefined takes it back. */
export function withAnswer(
  prompt: QuestionPrompt,
  { id }: Question,
  answer: string | string[] | undefined,
): QuestionPrompt {
  const { [id]: _before, ...others } = prompt.answers
  return { ...prompt, answers: answer === undefined ? others : { ...others, [id]: answer } }
}

/** Nothing is an answer too; of several choices it is made by taking the marks away. */
export function isNoneAllowed({ kind, required }: Question): boolean {
  return kind === 'single' && !required
}

/** Notes what is chosen. Nothing is said, where a default would take its place. */
export function withChoice(prompt: QuestionPrompt, question: Question, values: string[]): QuestionPrompt {
  if (question.kind === 'multiple') return withAnswer(prompt, question, values)
  return withAnswer(prompt, question, values[0] ?? (question.default === undefined ? undefined : ''))
}

/** Goes on to the next question if this one is answered well; a form of one question is sent at once. */
export function goOn(prompt: QuestionPrompt): Step {
  const { questions } = prompt.form
  const question = currentQuestion(prompt)
  if (!question) return sendAnswers(prompt)
  const remark = findFault(prompt, question)
  if (remark !== undefined) return { kind: 'on', prompt: { ...prompt, remark } }
  if (Object.keys(prompt.errors).length > 0) return { kind: 'on', prompt: goToNextError(prompt, question) }
  if (questions.length === 1) return sendAnswers(prompt)
  return { kind: 'on', prompt: goTo(prompt, prompt.index + 1) }
}

/** The server has refused some answers: only those are asked again. */
function goToNextError(prompt: QuestionPrompt, { id }: Question): QuestionPrompt {
  const { [id]: _fixed, ...errors } = prompt.errors
  const next = prompt.form.questions.findIndex((each) => Object.hasOwn(errors, each.id))
  return goTo({ ...prompt, errors }, next === -1 ? prompt.form.questions.length : next)
}

/** One question back; before the first one, the form is left open. */
export function goBack(prompt: QuestionPrompt): Step {
  return prompt.index === 0 ? { kind: 'later' } : { kind: 'on', prompt: goTo(prompt, prompt.index - 1) }
}

/** Refuses to answer; the model is told so. */
export function decline(): Step {
  return { kind: 'answer', answer: { decision: 'reject' } }
}

/** The prompt at the first question that the server finds wrong. */
export function withErrors(prompt: QuestionPrompt, errors: Readonly<Record<string, string>>): QuestionPrompt {
  const first = prompt.form.questions.findIndex(({ id }) => Object.hasOwn(errors, id))
  return first === -1 ? prompt : goTo({ ...prompt, errors }, first)
}

function sendAnswers({ answers }: QuestionPrompt): Step {
  return { kind: 'answer', answer: { answers: { ...answers } } }
}

function findFault(prompt: QuestionPrompt, question: Question): string | undefined {
  const chosen = chosenValues(prompt, question).filter((each) => each.trim() !== '')
  if (chosen.length === 0) return question.required ? 'This needs an answer.' : undefined
  if (question.kind === 'multiple' && question.max !== undefined && chosen.length > question.max) {
    return `Choose at most ${question.max}.`
  }
  const length = chosen[0]?.length ?? 0
  if (question.kind === 'text' && length > question.maxLength) {
    return `At most ${question.maxLength} characters; these are ${length}.`
  }
  return undefined
}
