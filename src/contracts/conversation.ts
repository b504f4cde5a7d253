import type { ConversationId, MessageId, OwnerId, TurnId } from './ids.ts'
import type { PermissionPolicy } from './permission.ts'

/** What a conversation is doing. `failed` is an outcome of a turn, never a state of a conversation. */
export type ConversationState = 'idle' | 'thinking' | 'tools' | 'waiting' | 'cancelling'

/**
 * What happens to a message that arrives during a turn: it waits, joins the turn before its next model call,
 * stops the turn and runs next, or is refused.
 */
export type BusyPolicy = 'queue' | 'steer' | 'interrupt' | 'reject'

/** Which part of the conversation the model is given. `window` counts user messages, newest last. */
export type HistoryStrategy = { kind: 'full' } | { kind: 'slidingWindow'; window: number } | { kind: 'none' }

/** One conversation as clients see it. Times are ISO 8601. */
export type Conversation = {
  id: ConversationId
  externalId?: string
  title: string
  state: ConversationState
  /** `provider/model`, as listed by `GET /api/models`. */
  model: string
  instructions?: string
  /** Names of the tools the model may use; absent: all of them. */
  tools?: string[]
  chainId?: number
  busyPolicy: BusyPolicy
  permissions: PermissionPolicy
  history: HistoryStrategy
  memory: boolean
  archived: boolean
  /** Its workflow cannot go on; an operator is needed, or a reset. */
  stalled: boolean
  createdAt: string
  updatedAt: string
  lastSeq: number
}

export type MessageRole = 'user' | 'assistant' | 'tool' | 'note'
export type MessageState = 'received' | 'queued' | 'done' | 'withdrawn' | 'refused'

/** A tool call as it stands in an assistant message. `arguments` is the model's own JSON text. */
export type MessageToolCall = { callId: string; name: string; arguments: string }

/** One entry of a conversation. Times are ISO 8601. */
export type Message = {
  id: MessageId
  role: MessageRole
  text?: string
  toolCalls?: MessageToolCall[]
  callId?: string
  state: MessageState
  turnId?: TurnId
  createdAt: string
  parentId?: MessageId
}

/** Who a token acts for. */
export type Owner = { id: OwnerId; kind: 'guest' | 'wallet'; wallet?: string }
