import type { PlacedContextChange, VerbatimFact } from './context.ts'
import type {
  BusyPolicy,
  Conversation,
  ConversationState,
  HistoryStrategy,
  Message,
  ModelSettings,
} from './conversation.ts'
import type {
  HumanRequest,
  PermissionCard,
  PermissionDecision,
  QuestionForm,
  RequestKind,
  RequestOutcome,
} from './human-request.ts'
import type { CallId, ConversationId, MessageId, PlanId, RequestId, TurnId } from './ids.ts'
import type { PermissionPolicy } from './permission.ts'
import type { CallProgress, ToolEffect, ToolError, ToolStatus } from './tool-call.ts'
import type { TurnOutcomeKind, TurnTrigger } from './turn.ts'
import type { CallKind } from './usage.ts'

/** Fields of every event. `seq` rises strictly inside a conversation; numbers may be skipped, events may not. */
export type EventBase = {
  v: 1
  seq: number
  conversationId: ConversationId
  turnId?: TurnId
  /** ISO 8601. */
  ts: string
}

export type ModelUsage = {
  /** What the model was asked for; events of 0.2 do not say it. */
  kind?: CallKind
  model: string
  inputTokens: number
  outputTokens: number
  cachedTokens?: number
  /** In US dollars, as a decimal string; absent when the model has no price. */
  costUsd?: string
  /** Counted here, because the provider said nothing: the call was stopped, cut, or its worker died. */
  estimated?: boolean
  contextTokens: number
  contextLimit: number
}

/** A large output stands in the store; the reference names it and says how large it is. */
export type OutputRef = { callId: CallId; step?: string; sizeBytes: number }

/** What an event says, without the base fields. */
export type EventBody =
  | {
      type: 'conversation.updated'
      state?: ConversationState
      title?: string
      model?: string
      archived?: boolean
      modelSettings?: ModelSettings
      /** Null: the deployment's again; the same for the next two. */
      fallbackModels?: string[] | null
      instructions?: string | null
      tools?: string[] | null
      chainId?: number
      busyPolicy?: BusyPolicy
      permissions?: PermissionPolicy
      history?: HistoryStrategy
      memory?: boolean
      stalled?: boolean
    }
  | { type: 'user.message'; messageId: MessageId; clientMessageId?: string; text: string; via: string }
  | { type: 'message.queued'; messageId: MessageId; text?: string; position?: number }
  | { type: 'message.updated'; messageId: MessageId; text?: string; position?: number }
  | { type: 'message.withdrawn'; messageId: MessageId }
  | { type: 'message.refused'; messageId: MessageId; code?: string }
  /** These messages are no part of the conversation any more; `by` stands in their place. */
  | { type: 'messages.superseded'; messageIds: MessageId[]; by: MessageId }
  /** These messages are part of the conversation again: `by`, which had taken their place, was withdrawn. */
  | { type: 'messages.restored'; messageIds: MessageId[]; by: MessageId }
  /** From now on the model is given a summary and a list of facts instead of what stands before `beforeMessageId`. */
  | {
      type: 'context.compacted'
      /** The first message that the model is still given as it is; absent: none. */
      beforeMessageId?: MessageId
      /** Absent when no model could write one: the facts stand alone. */
      summary?: string
      facts: VerbatimFact[]
      tokensBefore: number
      tokensAfter: number
    }
  /** From now on the model is given nothing of what stands before. */
  | { type: 'context.cleared' }
  | { type: 'system.note'; messageId: MessageId; source: string; text: string }
  | {
      type: 'turn.started'
      trigger: TurnTrigger
      /** The messages that started it. */
      messageIds: MessageId[]
      model: string
      promptHash: string
    }
  | { type: 'turn.waiting'; requestIds: RequestId[] }
  | { type: 'turn.finished'; outcome: TurnOutcomeKind; code?: string; message?: string }
  /**
   * `messageIds` joined the turn with this round; `model` when another one goes on from here, because one of them
   * has chosen it, or because the one before is down: that is said by one more of these in the same round.
   */
  | { type: 'round.started'; round: number; messageIds?: MessageId[]; model?: string }
  | { type: 'round.finished'; round: number; reason: FinishReason }
  | { type: 'reasoning.delta'; messageId: MessageId; attempt: number; delta: string; offset: number }
  | { type: 'reasoning.completed'; messageId: MessageId; attempt: number; text: string }
  | { type: 'text.started'; messageId: MessageId; attempt: number }
  | { type: 'text.delta'; messageId: MessageId; attempt: number; delta: string; offset: number }
  | { type: 'text.completed'; messageId: MessageId; attempt: number; text: string }
  | {
      type: 'tool.started'
      callId: CallId
      name: string
      title: string
      effect: ToolEffect
      input: unknown
      steps?: string[]
      background: boolean
      /** What was decided about it before it ran, and by which rule. */
      permission?: { decision: 'allow' | 'deny' | 'ask'; rule: string }
    }
  | {
      type: 'tool.step'
      callId: CallId
      step: string
      stepIndex: number
      status: 'ok' | 'error' | 'cancelled'
      output?: unknown
      ref?: OutputRef
    }
  | {
      type: 'tool.progress'
      callId: CallId
      step?: string
      stepIndex?: number
      stepCount?: number
      fraction?: number
      message?: string
    }
  | {
      type: 'tool.completed'
      callId: CallId
      status: ToolStatus
      output?: unknown
      ref?: OutputRef
      error?: ToolError
    }
  | {
      type: 'request.opened'
      requestId: RequestId
      kind: RequestKind
      /** Absent for a batch, whose card names its calls. */
      callId?: CallId
      card?: PermissionCard
      form?: QuestionForm
      digest?: string
      expiresAt: string
    }
  | {
      type: 'request.resolved'
      requestId: RequestId
      outcome: RequestOutcome
      by: string
      /** Of a batch that was decided call by call. */
      decisions?: Record<CallId, PermissionDecision>
    }
  | { type: 'plan.updated'; planId: PlanId; digest: string; state: string; reason?: string }
  | {
      type: 'tx.status'
      planId: PlanId
      callIndex: number
      hash?: string
      status: TransactionStatus
      block?: number
      confirmations?: number
    }
  | ({ type: 'usage.recorded' } & ModelUsage)
  | { type: 'notice'; level: 'info' | 'warning' | 'error'; code: string; message: string }

/** Why a model reply ended. */
export const finishReasons = ['stop', 'tools', 'length', 'filtered', 'cancelled', 'error'] as const
export type FinishReason = (typeof finishReasons)[number]

export const transactionStatuses = [
  'submitted',
  'mined',
  'final',
  'reverted',
  'replaced',
  'dropped',
  'mismatched',
  'unknown',
] as const

export type TransactionStatus = (typeof transactionStatuses)[number]

/** One numbered fact a client can see. Applying one twice does no harm: ids decide, the last write wins. */
export type Event = EventBase & EventBody

export type EventType = EventBody['type']

/** Everything a screen needs to start from, as of `lastSeq`. */
export type Snapshot = {
  conversation: Conversation
  /** The latest ones, oldest first. */
  messages: Message[]
  /** For `GET …/messages`: where the older ones begin; absent when these are all. */
  olderMessages?: string
  /** What the model is given instead of what stands above, where it changed among these messages; oldest first. */
  contextChanges: PlacedContextChange[]
  openRequests: HumanRequest[]
  queue: { messageId: MessageId; text: string; position: number }[]
  /** `model`: who answers now. */
  turn?: { turnId: TurnId; round: number; startedAt: string; model?: string }
  calls: CallProgress[]
  lastSeq: number
}

/** First frame of a stream without a cursor, or with one older than retention; built on demand, never stored. */
export type SnapshotEvent = EventBase & { type: 'snapshot' } & Snapshot

/** What a stream carries. */
export type StreamEvent = Event | SnapshotEvent
