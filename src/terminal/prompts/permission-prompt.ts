import type {
  HumanRequest,
  PermissionCard,
  PermissionDecision,
  PermissionItem,
} from '../../contracts/human-request.ts'
import type { GrantWish } from '../../contracts/permission.ts'
import type { PromptStep } from './prompt-step.ts'

/** A permission that is being decided, for all its calls at once or for each. Immutable. */
export type PermissionPrompt = {
  kind: 'permission'
  request: HumanRequest
  calls: readonly PermissionItem[]
  /** While each call is decided by itself: what was decided, in order. */
  each?: readonly PermissionDecision[]
  /** The first call that is shown of many. */
  first: number
  remark?: string
}

/** What `a` grants: the approved calls' tools, in their conversation, for a day. */
const dayGrant: GrantWish = { scope: 'conversation', target: 'tool', expiresInSeconds: 86_400 }

export function openPermissionPrompt(request: HumanRequest, { calls }: PermissionCard): PermissionPrompt {
  return { kind: 'permission', request, calls, first: 0 }
}

/** Approves everything; `forDay` also means that nobody is asked for these tools until tomorrow. */
export function approveAll(forDay: boolean): PromptStep<PermissionPrompt> {
  return { kind: 'answer', answer: { decision: 'approve', ...(forDay && { grant: dayGrant }) } }
}

export function rejectAll(): PromptStep<PermissionPrompt> {
  return { kind: 'answer', answer: { decision: 'reject' } }
}

/** Begins to decide call by call. */
export function decideEach({ remark: _remark, ...prompt }: PermissionPrompt): PromptStep<PermissionPrompt> {
  return { kind: 'on', prompt: { ...prompt, each: [] } }
}

/** Decides the next call; the last one sends all decisions. */
export function decideNext(
  prompt: PermissionPrompt,
  decision: PermissionDecision,
): PromptStep<PermissionPrompt> {
  const each = [...(prompt.each ?? []), decision]
  if (each.length < prompt.calls.length) return { kind: 'on', prompt: { ...prompt, each } }
  const decisions = prompt.calls.map(({ callId }, index) => [callId, each[index] ?? 'reject'] as const)
  return { kind: 'answer', answer: { decisions: Object.fromEntries(decisions) } }
}

/** One decision back; before the first one, back to deciding all at once; before that, left open. */
export function goBack({ each, ...prompt }: PermissionPrompt): PromptStep<PermissionPrompt> {
  if (each === undefined) return { kind: 'later' }
  if (each.length === 0) return { kind: 'on', prompt }
  return { kind: 'on', prompt: { ...prompt, each: each.slice(0, -1) } }
}
