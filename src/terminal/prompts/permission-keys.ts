import type { Key } from 'node:readline'
import {
  approveAll,
  decideEach,
  decideNext,
  goBack,
  type PermissionPrompt,
  rejectAll,
} from './permission-prompt.ts'
import type { PromptStep } from './prompt-step.ts'

type Step = PromptStep<PermissionPrompt>

/** What a key does while a permission is asked; undefined for one that belongs to the line being typed. */
export function pressPermissionKey(prompt: PermissionPrompt, key: Key): Step | undefined {
  // Escape alone comes as a meta key.
  if (key.name === 'escape') return goBack(prompt)
  if (key.ctrl || key.meta) return undefined
  if (key.name === 'up') return scroll(prompt, -1)
  return key.name === 'down' ? scroll(prompt, 1) : decide(prompt, key.name ?? '')
}

const words: Record<string, string> = { yes: 'y', no: 'n', allow: 'y', refuse: 'n' }

/** The same by lines. */
export function enterPermissionLine(prompt: PermissionPrompt, line: string): Step | undefined {
  const word = line.trim().toLowerCase()
  return decide(prompt, Object.hasOwn(words, word) ? (words[word] ?? '') : word)
}

function decide(prompt: PermissionPrompt, letter: string): Step | undefined {
  const all = prompt.each === undefined
  switch (letter) {
    case 'y':
      return all ? approveAll(false) : decideNext(prompt, 'approve')
    case 'n':
      return all ? rejectAll() : decideNext(prompt, 'reject')
    case 'a':
      return all ? approveAll(true) : undefined
    case 'e':
      return all && prompt.calls.length > 1 ? decideEach(prompt) : undefined
    default:
      return undefined
  }
}

function scroll(prompt: PermissionPrompt, by: number): Step | undefined {
  if (prompt.each !== undefined || prompt.calls.length === 1) return undefined
  const first = Math.min(prompt.calls.length - 1, Math.max(0, prompt.first + by))
  return { kind: 'on', prompt: { ...prompt, first } }
}
