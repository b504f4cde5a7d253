import type { ConversationId, MessageId, OwnerId, TurnId } from './ids.ts'
import type { PermissionPolicy } from './permission.ts'

/** What a conversation is doing. `failed` is an outcome of a turn, never a state of a conversation. */
export const conversationStates = ['idle', 'thinking', 'tools', 'waiting', 'cancelling'] as const
export type ConversationState = (typeof conversationStates)[number]

/**
 * What happens to a message that arrives during a turn: it waits, joins the turn before its next model call,
 * stops the turn and runs next, or is refused.
 */
export const busyPolicies = ['queue', 'steer', 'interrupt', 'reject'] as const
export type BusyPolicy = (typeof busyPolicies)[number]

/**
 * Which part of the conversation the model is given. `full`: all of it, and a clear end when that no longer
 * fits; `slidingWindow`: its last `window` user messages and what followed them; `summary`: all of it, the older
 * part as a summary with a list of facts that code has made; `none`: the running turn alone, and no content is
 * kept past it.
 */
export type HistoryStrategy =
  | { kind: 'full' }
  | { kind: 'slidingWindow'; window: number }
  | { kind: 'summary' }
  | { kind: 'none' }

/** What a provider is told besides the messages; each is refused for a model that does not take it. */
export type ModelSettings = {
  temperature?: number | undefined
  reasoningEffort?: ReasoningEffort | undefined
  maxOutputTokens?: number | undefined
}

/** From the least. */
export const reasoningEfforts = ['none', 'minimal', 'low', 'medium', 'high'] as const
export type ReasoningEffort = (typeof reasoningEfforts)[number]

/** What a model takes of `ModelSettings`; what is absent it refuses. Each takes a `maxOutputTokens`. */
export type OfferedSettings = {
  temperature?: { min: number; max: number }
  /** From the least. */
  reasoningEfforts?: ReasoningEffort[]
  /** The highest; absent: not known here. */
  maxOutputTokens?: number
}

/** One conversation as clients see it. Times are ISO 8601. */
export type Conversation = {
  id: ConversationId
  externalId?: string
  title: string
  state: ConversationState
  /** `provider/model`, as listed by `GET /api/models`. */
  model: string
  modelSettings: ModelSettings
  /** Models that go on, in this order, when one is down; absent: the deployment's. */
  fallbackModels?: string[]
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
  /** What it began as a copy of. */
  forkedFrom?: { conversationId: ConversationId; messageId: MessageId }
  createdAt: string
  updatedAt: string
  lastSeq: number
}

/** A conversation that a search has found; `match` when a message holds the words. */
export type ConversationHit = Conversation & { match?: { messageId: MessageId; snippet: string } }

export const messageRoles = ['user', 'assistant', 'tool', 'note'] as const
export type MessageRole = (typeof messageRoles)[number]

export const messageStates = ['received', 'queued', 'done', 'withdrawn', 'refused'] as const
export type MessageState = (typeof messageStates)[number]

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
  /** Of an assistant's message: who wrote it. Of a user's: the model that was chosen for it alone. */
  model?: string
  /** The edited message that took the place of this one and of what followed; the model is not given it any more. */
  supersededBy?: MessageId
}

/** Who a token acts for. */
export type Owner = { id: OwnerId; kind: 'guest' | 'wallet'; wallet?: string }
