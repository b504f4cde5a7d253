import type { ContextChange } from '../contracts/context.ts'
import type { Conversation, ConversationState, MessageState } from '../contracts/conversation.ts'
import type { ModelUsage, OutputRef } from '../contracts/event.ts'
import type { HumanRequest, PermissionDecision } from '../contracts/human-request.ts'
import type { CallId, MessageId, TurnId } from '../contracts/ids.ts'
import type { ToolEffect, ToolError, ToolStatus } from '../contracts/tool-call.ts'
import type { TurnOutcomeKind } from '../contracts/turn.ts'
import type { StreamedText } from './streamed-text.ts'

/** Everything a screen shows of one conversation, as of `lastSeq`. Immutable. */
export type ConversationView = {
  lastSeq: number
  state: ConversationState
  /** Known after a snapshot; later changes are applied to it. */
  conversation?: Conversation
  /**
   * Messages, tool calls and changes of what the model is given, in the order in which a reader wants them;
   * waiting messages and superseded ones are not among them.
   */
  entries: readonly Entry[]
  /** Where the messages before the entries begin, for `loadOlder`; absent: there are none. */
  olderMessages?: string
  /** Messages that wait for their turn, or for the running one's next model call; first one first. */
  queue: readonly MessageEntry[]
  /** What people are asked for, oldest first. */
  requests: readonly HumanRequest[]
  /** The latest ones that were open in this view, with what they came to; oldest first. */
  resolved: readonly ResolvedRequest[]
  turn?: RunningTurn
  lastTurn?: FinishedTurn
  /** Of the latest call that answers; absent after the model was given less, until the next one. */
  usage?: ModelUsage
  /** Of the running turn, or the last one; a view that begins with a snapshot counts from there. */
  turnUsage?: TurnUsage
  /** Messages that an edited one took the place of, since the view began. */
  superseded: readonly MessageId[]
  /** What the latest edit took out of the entries, for the case that it is taken back. */
  replaced?: ReplacedEntries
  /** The latest ones, oldest first. */
  notices: readonly Notice[]
}

export type Entry = MessageEntry | CallEntry | ContextEntry

export type MessageEntry = {
  kind: 'message'
  id: MessageId
  role: 'user' | 'assistant' | 'note'
  content: StreamedText
  /** What the model thought; never part of the answer. */
  reasoning?: StreamedText
  state: MessageState
  turnId?: TurnId
  /** ISO 8601. */
  createdAt: string
  clientMessageId?: string
  /** Of an answer: who wrote it. Of a user's message: the model that was chosen for it alone. */
  model?: string
  /** Which client a user message came by, or what a note is about. */
  source?: string
  /** Why it was refused. */
  code?: string
}

export type CallEntry = {
  kind: 'call'
  id: CallId
  name: string
  title: string
  /** The answer that asked for it, if it is known from the stored history. */
  messageId?: MessageId
  /** `waiting`: for a person. `ended`: known from the stored history only, which does not say how. */
  status: 'running' | 'waiting' | 'ended' | ToolStatus
  background: boolean
  effect?: ToolEffect
  input?: unknown
  /** What was decided about it before it ran, and by which rule. */
  permission?: { decision: 'allow' | 'deny' | 'ask'; rule: string }
  /** Empty for a tool with a single step. */
  steps: readonly CallStep[]
  stepIndex?: number
  stepCount?: number
  /** Of the running step, 0 to 1. */
  fraction?: number
  message?: string
  output?: unknown
  ref?: OutputRef
  error?: ToolError
  turnId?: TurnId
  /** ISO 8601. */
  startedAt?: string
  endedAt?: string
}

export type CallStep = {
  name: string
  status: 'pending' | 'running' | 'ok' | 'error' | 'cancelled'
  output?: unknown
}

/** Entries from a place on, as they were before the message `by` took the place of some of them. */
export type ReplacedEntries = { by: MessageId; index: number; entries: readonly Entry[] }

/** What the model is given has changed: of what stands before, a summary with facts or nothing. */
export type ContextEntry = { kind: 'context' } & ContextChange

/** `decisions`: of a batch, whose calls may differ. */
export type ResolvedRequest = HumanRequest & { decisions?: Record<CallId, PermissionDecision> }
export type RunningTurn = { turnId: TurnId; round: number; startedAt: string; model?: string }
export type FinishedTurn = { turnId: TurnId; outcome: TurnOutcomeKind; code?: string; message?: string }
/** Of the model calls of one turn, added up. */
export type TurnUsage = {
  turnId?: TurnId
  calls: number
  inputTokens: number
  outputTokens: number
  /** In US dollars, as a decimal string, of the calls that have a price; absent when none has. */
  costUsd?: string
  /** Some of it was counted here, because the provider said nothing. */
  estimated: boolean
}
export type Notice = { seq: number; level: 'info' | 'warning' | 'error'; code: string; message: string }

/** What is known before the first event. */
export const emptyView: ConversationView = {
  lastSeq: 0,
  state: 'idle',
  entries: [],
  queue: [],
  requests: [],
  resolved: [],
  superseded: [],
  notices: [],
}
