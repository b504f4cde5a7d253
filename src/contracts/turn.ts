import type { ConversationId, MessageId, TurnId } from './ids.ts'
import type { BusyPolicy, ConversationState } from './conversation.ts'
import type { AnswerRef, RequestKind } from './human-request.ts'
import type { ScheduledCall } from './tool-call.ts'

/** What started a turn. */
export const turnTriggers = [
  'user',
  'background',
  'request',
  'transaction',
  'schedule',
  'condition',
  'agent',
  'system',
] as const

export type TurnTrigger = (typeof turnTriggers)[number]

/** How a turn ended. */
export const turnOutcomes = ['success', 'cancelled', 'error', 'limit'] as const
export type TurnOutcomeKind = (typeof turnOutcomes)[number]

/** One turn as the workflow knows it: ids only. */
export type Turn = {
  conversationId: ConversationId
  turnId: TurnId
  trigger: TurnTrigger
  /** The messages that started it. */
  messageIds: MessageId[]
  /** Absent: it answers its messages. */
  purpose?: TurnPurpose
}

/** What a turn does instead of answering: `compact` sums up the older part of the conversation. */
export type TurnPurpose = 'compact'

/** One model call of a turn; `steered` messages join the turn with it. */
export type RoundRef = Turn & {
  round: number
  steered?: MessageId[]
  /** The older part was summed up for this round, or that failed: it is not asked for again. */
  compacted?: true
}

/** What the workflow learns from a model call. Everything but `tools` has written `turn.finished`. */
export type RoundOutcome =
  | {
      kind: 'tools'
      calls: ScheduledCall[]
      limits: TurnLimits
      model: string
      /** The round that asks for them, when the model's activity has gone on by itself. */
      round?: number
      ran?: CallsOfActivity
      unjoined?: MessageId[]
    }
  | {
      kind: 'finished'
      outcome: TurnOutcomeKind
      code?: string
      model?: string
      ran?: CallsOfActivity
      /** Messages that were to join the round, and came too late: it had been stored. */
      unjoined?: MessageId[]
    }
  /** The context is too full: the older part must be summed up first. Nothing but the round's beginning was written. */
  | { kind: 'compact' }
  /** The messages had been answered before: nothing was written. */
  | { kind: 'nothing' }

/** Calls that the model's activity ran itself, for a person who looks at the Temporal UI. */
export type CallsOfActivity = string[]

/** Bounds of one turn, told with the first reply that asks for tools. Times are Unix milliseconds. */
export type TurnLimits = { rounds: number; deadlineMs: number }

/** How a turn ended for the workflow; `written` when `turn.finished` stands in the log already. */
export type TurnEnd = { outcome: TurnOutcomeKind; code?: string; written: boolean }

/** Answer of the `status` query; readable by a person in the Temporal UI. */
export type StatusAnswer = {
  state: ConversationState
  turnId?: TurnId
  round?: number
  queued: number
  turns: number
  /** What a person is asked for; times are ISO 8601. */
  waitingFor?: { requestId: string; kind: RequestKind; expiresAt: string }[]
}

/**
 * A turn that continue-as-new cut before a round. `calls` of the round before are still open: they wait for a
 * person, and `answers` were given to them after they had been let go.
 */
export type CarriedTurn = {
  turn: Turn
  round: number
  limits: TurnLimits | null
  calls?: ScheduledCall[]
  answers?: AnswerRef[]
}

/** A message that waits for its turn, with its place among all of them; numbers are skipped. */
export type WaitingMessage = {
  messageId: MessageId
  position: number
  /** Absent: `queue`. */
  busyPolicy?: BusyPolicy
  /** The end of a background call; it joins the next turn, or begins one. */
  note?: true
  /** Not a message at all: a turn of this kind is asked for, and `messageId` names the asking. */
  purpose?: TurnPurpose
}

/** Argument of the `conversation` workflow. Ids and small facts only; the second form is continue-as-new. */
export type ConversationInput = {
  conversationId: ConversationId
  /** Turns so far; the next one has the next number. */
  turns: number
  carried?: {
    queue: WaitingMessage[]
    seen: MessageId[]
    turn?: CarriedTurn
  }
}
