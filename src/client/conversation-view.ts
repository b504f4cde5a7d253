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
  /** Messages and tool calls in the order in which a reader wants them; waiting messages are not among them. */
  entries: readonly Entry[]
  /** Messages that wait for their turn, or for the running one's next model call; first one first. */
  queue: readonly MessageEntry[]
  /** What people are asked for, oldest first. */
  requests: readonly HumanRequest[]
  /** The latest ones that were open in this view, with what they came to; oldest first. */
  resolved: readonly ResolvedRequest[]
  turn?: RunningTurn
  lastTurn?: FinishedTurn
  /** Of the latest model call. */
  usage?: ModelUsage
  /** The latest ones, oldest first. */
  notices: readonly Notice[]
}

export type Entry = MessageEntry | CallEntry

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

/** `decisions`: of a batch, whose calls may differ. */
export type ResolvedRequest = HumanRequest & { decisions?: Record<CallId, PermissionDecision> }
export type RunningTurn = { turnId: TurnId; round: number; startedAt: string; model?: string }
export type FinishedTurn = { turnId: TurnId; outcome: TurnOutcomeKind; code?: string; message?: string }
export type Notice = { seq: number; level: 'info' | 'warning' | 'error'; code: string; message: string }

/** What is known before the first event. */
export const emptyView: ConversationView = {
  lastSeq: 0,
  state: 'idle',
  entries: [],
  queue: [],
  requests: [],
  resolved: [],
  notices: [],
}
