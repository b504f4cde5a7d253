import type { RequestAnswer } from '../../client/api-answers.ts'

/** What a key or a line leads to: the prompt goes on, is answered, or is left open. */
export type PromptStep<Prompt> =
  | { kind: 'on'; prompt: Prompt }
  | { kind: 'answer'; answer: RequestAnswer }
  | { kind: 'later' }
