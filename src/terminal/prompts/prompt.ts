import type { Key } from 'node:readline'
import type { HumanRequest } from '../../contracts/human-request.ts'
import { enterPermissionLine, pressPermissionKey } from './permission-keys.ts'
import { openPermissionPrompt, type PermissionPrompt } from './permission-prompt.ts'
import type { PromptStep } from './prompt-step.ts'
import { pressQuestionKey } from './question-keys.ts'
import { enterQuestionLine } from './question-line.ts'
import { openQuestionPrompt, type QuestionPrompt } from './question-prompt.ts'

/** A request that a person is answering in the terminal, as far as they are. Immutable. */
export type Prompt = PermissionPrompt | QuestionPrompt

/** The prompt for a request; undefined for one that the terminal cannot answer. */
export function openPrompt(request: HumanRequest): Prompt | undefined {
  if (request.kind === 'permission' && request.card) return openPermissionPrompt(request, request.card)
  if (request.kind === 'question' && request.form) return openQuestionPrompt(request, request.form)
  return undefined
}

/** What a key does; undefined for one that belongs to the line being typed. */
export function pressKey(prompt: Prompt, key: Key): PromptStep<Prompt> | undefined {
  return prompt.kind === 'permission' ? pressPermissionKey(prompt, key) : pressQuestionKey(prompt, key)
}

/** What a whole line does; undefined for one that is no answer. An empty one takes what is preselected. */
export function enterLine(prompt: Prompt, line: string): PromptStep<Prompt> | undefined {
  return prompt.kind === 'permission' ? enterPermissionLine(prompt, line) : enterQuestionLine(prompt, line)
}
