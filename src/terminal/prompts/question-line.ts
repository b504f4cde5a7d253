import type { Question } from '../../contracts/human-request.ts'
import type { PromptStep } from './prompt-step.ts'
import { currentQuestion, goOn, type QuestionPrompt, withAnswer } from './question-prompt.ts'

type Step = PromptStep<QuestionPrompt>
type Choice = Extract<Question, { options: unknown }>

/** Answers the open question by a line; an empty one takes what is preselected. */
export function enterQuestionLine(prompt: QuestionPrompt, line: string): Step {
  const question = currentQuestion(prompt)
  const text = line.trim()
  if (!question) return text === '' ? goOn(prompt) : remark(prompt, 'An empty line sends the answers.')
  if (text === '') return goOn(prompt)
  if (question.kind === 'text') return enterText(prompt, question, line)
  const named = question.kind === 'single' ? [text] : text === '-' ? [] : text.split(/[,\s]+/).filter(Boolean)
  // A label may have spaces and commas of its own.
  const whole = findOption(question, text)
  const found = whole === undefined ? named.map((each) => findOption(question, each)) : [whole]
  const unknown = named[found.indexOf(undefined)]
  if (unknown !== undefined) return remark(prompt, `There is no option ${unknown}.`)
  const values = question.options.map(({ value }) => value).filter((value) => found.includes(value))
  return goOn(withAnswer(prompt, question, question.kind === 'single' ? values[0] : values))
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
