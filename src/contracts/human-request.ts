import type { CallId, ConversationId, RequestId, TurnId } from './ids.ts'
import type { CallTargets } from './permission.ts'
import type { ToolEffect } from './tool-call.ts'

/** What a person is asked for: one mechanism for all three. */
export const requestKinds = ['permission', 'question', 'wallet'] as const
export type RequestKind = (typeof requestKinds)[number]

/** What a request may come to. */
export const requestOutcomes = [
  'approved',
  'rejected',
  'answered',
  'signed',
  'expired',
  'superseded',
  'cancelled',
] as const

export type RequestOutcome = (typeof requestOutcomes)[number]

/** What the workflow knows of an open request. After `expiresAtMs` (Unix) no answer means no. */
export type RequestRef = { requestId: RequestId; kind: RequestKind; expiresAtMs: number }

/** One call that waits for permission, as code describes it; nothing here is the model's own text. */
export type PermissionItem = {
  callId: CallId
  tool: string
  title: string
  effect: ToolEffect
  input: unknown
  targets: CallTargets
  /** The rule that asks. */
  rule: string
}

/** One prompt for all calls of a reply that need permission. */
export type PermissionCard = { calls: PermissionItem[] }

export type QuestionOption = { value: string; label: string }

type QuestionBase = { id: string; label: string; hint?: string; required: boolean }

export type Question =
  | (QuestionBase & { kind: 'single'; options: QuestionOption[]; default?: string })
  | (QuestionBase & { kind: 'multiple'; options: QuestionOption[]; max?: number; default?: string[] })
  | (QuestionBase & { kind: 'text'; maxLength: number; default?: string })

/** Several questions at once, answered together. */
export type QuestionForm = { title: string; questions: Question[] }

/** By question id: text or one value; several values for `multiple`. A default fills what is missing. */
export type QuestionAnswers = Record<string, string | string[]>

export type PermissionDecision = 'approve' | 'reject'

/** A human request as clients see it. Times are ISO 8601. */
export type HumanRequest = {
  requestId: RequestId
  conversationId: ConversationId
  turnId: TurnId
  kind: RequestKind
  /** The one call that it is about; absent for a batch, whose card names its calls. */
  callId?: CallId
  /** Of a permission. */
  card?: PermissionCard
  /** Of a question. */
  form?: QuestionForm
  digest?: string
  openedAt: string
  expiresAt: string
  outcome?: RequestOutcome
  /** Who resolved it: an owner's id, or `time`, `stop`. */
  by?: string
  resolvedAt?: string
}

/** An answer as the workflow is told: the content stays in the store, under `answerId`. */
export type AnswerRef = { requestId: RequestId; answerId: string; outcome: RequestOutcome }

/** What an accepted answer came to. */
export type AnsweredRequest = { requestId: RequestId; outcome: RequestOutcome }

/** Types of the failures with which the workflow refuses an answer; details: `[outcome]` when resolved. */
export type AnswerRefusal = 'request_unknown' | 'request_resolved' | 'request_expired'

/** A request about to be opened. */
export type NewRequest = {
  id: RequestId
  kind: RequestKind
  callIds: CallId[]
  body: PermissionCard | QuestionForm
  /** Unix milliseconds. */
  expiresAtMs: number
}
