import type { Key } from 'node:readline'
import type { Question } from '../../contracts/human-request.ts'
import type { PromptStep } from './prompt-step.ts'
import {
  chosenValues,
  currentQuestion,
  decline,
  goBack,
  goOn,
  isNoneAllowed,
  type QuestionPrompt,
  withChoice,
} from './question-prompt.ts'

type Step = PromptStep<QuestionPrompt>
type Choice = Extract<Question, { options: unknown }>

/** What a key does while a form is open; undefined for one that belongs to the line being typed. */
export function pressQuestionKey(prompt: QuestionPrompt, key: Key): Step | undefined {
  if (key.ctrl) return key.name === 'x' ? decline() : undefined
  if (key.name === 'escape') return goBack(prompt)
  const question = currentQuestion(prompt)
  if (question?.kind === 'text') return undefined
  if (key.name === 'return' || key.name === 'enter')
    return question ? confirm(prompt, question) : goOn(prompt)
  return question ? move(prompt, question, key) : undefined
}

function confirm(prompt: QuestionPrompt, question: Choice): Step {
  if (question.kind === 'multiple') return goOn(prompt)
  const chosen = question.options[prompt.cursor]
  return goOn(withChoice(prompt, question, chosen ? [chosen.value] : []))
}

function move(prompt: QuestionPrompt, question: Choice, { name, sequence }: Key): Step | undefined {
  if (name === 'up' || name === 'down') {
    return { kind: 'on', prompt: moveCursor(prompt, question, name === 'up' ? -1 : 1) }
  }
  if (name === 'space' && question.kind === 'multiple') {
    return { kind: 'on', prompt: toggle({ ...prompt, digits: '' }, question) }
  }
  return sequence !== undefined && /^\d$/.test(sequence) ? typeDigit(prompt, question, sequence) : undefined
}

function moveCursor(prompt: QuestionPrompt, question: Choice, by: number): QuestionPrompt {
  const lowest = isNoneAllowed(question) ? -1 : 0
  const cursor = Math.min(question.options.length - 1, Math.max(lowest, prompt.cursor + by))
  return { ...prompt, cursor, digits: '' }
}

/** Two digits in a row are one number if there is such an option, so that 12 is reached by 1, 2. */
function typeDigit(prompt: QuestionPrompt, question: Choice, digit: string): Step {
  const both = `${prompt.digits}${digit}`
  const isBoth = prompt.digits !== '' && Number(both) <= question.options.length
  const digits = isBoth ? both : digit
  const cursor = Number(digits) - 1
  if (cursor < 0 && isNoneAllowed(question)) return { kind: 'on', prompt: { ...prompt, cursor, digits: '' } }
  if (cursor < 0 || cursor >= question.options.length)
    return { kind: 'on', prompt: { ...prompt, digits: '' } }
  // The first digit has toggled another option, which was not meant.
  const before = isBoth && question.kind === 'multiple' ? toggle(prompt, question) : prompt
  const moved = { ...before, cursor, digits }
  return { kind: 'on', prompt: question.kind === 'multiple' ? toggle(moved, question) : moved }
}

function toggle(prompt: QuestionPrompt, question: Choice): QuestionPrompt {
  const value = question.options[prompt.cursor]?.value
  const chosen = new Set(chosenValues(prompt, question))
  if (value !== undefined && !chosen.delete(value)) chosen.add(value)
  const inOrder = question.options.map((option) => option.value).filter((each) => chosen.has(each))
  return withChoice(prompt, question, inOrder)
}
