import type { Question } from '../../contracts/human-request.ts'
import type { PromptStep } from './prompt-step.ts'
import { currentQuestion, goOn, type QuestionPrompt, withAnswer, withChoice } from './question-prompt.ts'

type Step = PromptStep<QuestionPrompt>
type Choice = Extract<Question, { options: unknown }>

/** Answers the open question by a line; an empty one takes what is preselected. */
export function enterQuestionLine(prompt: QuestionPrompt, line: string): Step {
  const question = currentQuestion(prompt)
  const text = line.trim()
  if (!question) return text === '' ? goOn(prompt) : remark(prompt, 'An empty line sends the answers.')
  if (text === '') return goOn(prompt)
  if (question.kind === 'text') return enterText(prompt, question, line)
  const found = findOptions(question, text)
  const unknown = found.find((each) => each.value === undefined)
  if (unknown) return remark(prompt, `There is no option ${unknown.name}.`)
  const chosen = new Set(found.map(({ value }) => value))
  const values = question.options.map(({ value }) => value).filter((value) => chosen.has(value))
  return goOn(withChoice(prompt, question, values))
}

/** What a line names, in its order; an option that is not there has no value. */
function findOptions(question: Choice, text: string): { name: string; value?: string | undefined }[] {
  if (text === '-') return []
  // A label may have spaces and commas of its own.
  const whole = findOption(question, text)
  if (whole !== undefined || question.kind === 'single') return [{ name: text, value: whole }]
  const names = text.split(/[,\s]+/).filter((name) => name !== '')
  return names.map((name) => ({ name, value: findOption(question, name) }))
}

/** Answers a text question with exactly this text, which may be empty. */
export function enterText(prompt: QuestionPrompt, question: Question, text: string): Step {
  // Left out, a default would take its place.
  const isNothing = text === '' && question.default === undefined
  return goOn(withAnswer(prompt, question, isNothing ? undefined : text))
}

/** The numbers are what stands on the screen, so they come first. */
function findOption({ options }: Choice, name: string): string | undefined {
  const numbered = /^\d+$/.test(name) ? options[Number(name) - 1] : undefined
  const wanted = name.toLowerCase()
  const named = options.find(({ value, label }) => value === name || label.toLowerCase() === wanted)
  return (numbered ?? named)?.value
}

function remark(prompt: QuestionPrompt, text: string): Step {
  return { kind: 'on', prompt: { ...prompt, remark: text } }
}
