import type {
  BusyPolicy,
  ConversationHit,
  HistoryStrategy,
  Message,
  MessageState,
  ModelSettings,
  OfferedSettings,
  Owner,
} from '../contracts/conversation.ts'
import type { Event } from '../contracts/event.ts'
import type { HumanRequest, PermissionDecision, QuestionAnswers } from '../contracts/human-request.ts'
import type { CallId } from '../contracts/ids.ts'
import type { Grant, GrantWish, PermissionPolicy } from '../contracts/permission.ts'
import type { CallProgress, ToolEffect } from '../contracts/tool-call.ts'
import type { WatchedState } from '../contracts/watched-conversation.ts'

/** A token and who it acts for. `expiresAt` is ISO 8601. */
export type Login = { token: string; owner: Owner; expiresAt: string }

export type ConversationFields = {
  title?: string
  model?: string
  modelSettings?: ModelSettings
  /** Models that go on, in this order, when one is down. */
  fallbackModels?: string[]
  instructions?: string
  tools?: string[]
  chainId?: number
  busyPolicy?: BusyPolicy
  permissions?: PermissionPolicy
  history?: HistoryStrategy
  memory?: boolean
  externalId?: string
}

/** Null goes back to what the deployment has. */
export type ConversationChanges = Omit<
  ConversationFields,
  'externalId' | 'fallbackModels' | 'instructions' | 'tools'
> & {
  fallbackModels?: string[] | null
  instructions?: string | null
  tools?: string[] | null
  archived?: boolean
}

export type ConversationPage = { conversations: ConversationHit[]; nextCursor?: string | null }

/** `state`: those that wait for a person, or that cannot go on; not together with `q`. */
export type ConversationQuery = { cursor?: string; archived?: boolean; q?: string; state?: WatchedState }

export type NewMessage = {
  text: string
  /** Makes a repeat harmless: the same id with the same text is the same message. */
  clientMessageId?: string
  /** For this message; absent: the conversation's. */
  busyPolicy?: BusyPolicy
  /** For this message; absent: the conversation's. */
  model?: string
}

export type PostedMessage = { messageId: string; state: 'started' | 'queued' }

export type EditedMessage = { messageId: string; state: MessageState }

/**
 * `before`: a cursor of a snapshot or a page. `branch`: a superseded message, whose branch is listed as it was.
 * `superseded`: the messages of all branches.
 */
export type MessageQuery = { before?: string; limit?: number; branch?: string; superseded?: boolean }

/** Oldest first. `olderMessages` is the cursor of those before; absent: there are none. */
export type MessagePage = { messages: Message[]; olderMessages?: string }

export type RegenerateWish = {
  /** The user's message that is answered anew. */
  messageId: string
  text?: string
  model?: string
  /** Makes a repeat harmless. */
  clientMessageId?: string
}

/** `turnId`: a turn of the conversation. `days`: how many are listed, today among them; default 30. */
export type UsageQuery = { conversationId?: string; turnId?: string; days?: number }

export type ExportFormat = 'json' | 'markdown'

export type RequestQuery = { conversationId?: string; open?: boolean }

export type RequestList = { requests: HumanRequest[] }

/** What a person answers. A decision is for all calls of the card, decisions are for each of them. */
export type RequestAnswer =
  | { decision: PermissionDecision; grant?: Partial<GrantWish> }
  | { decisions: Record<CallId, PermissionDecision>; grant?: Partial<GrantWish> }
  | { answers: QuestionAnswers }

export type GrantList = { grants: Grant[] }

/** `keptAfter`: the cursor was below it, and events up to it are not kept. */
export type EventPage = { events: Event[]; nextAfter: number; hasMore: boolean; keptAfter?: number }

/** A running tool call and the last progress that it told. */
export type CallProgressLine = CallProgress & { progress?: { fraction?: number; message?: string } }

export type Progress = {
  turnId?: string
  calls: CallProgressLine[]
  /** ISO 8601. */
  asOf: string
  source: 'workflow' | 'log'
}

/** `fallbackModels`: of conversations that name none themselves. */
export type ModelList = { models: ModelEntry[]; fallbackModels: string[] }

/** One model that can be chosen; `id` is what a conversation names. */
export type ModelEntry = {
  id: string
  provider: string
  model: string
  contextLimitTokens: number
  /** Which settings it takes, and between which bounds. */
  settings: OfferedSettings
  default: boolean
}

/** One tool; one that is not available says why. */
export type ToolEntry = {
  name: string
  description: string
  effect: ToolEffect
  steps: string[]
  /** Its calls go on beyond the turn that asks for them. */
  background: boolean
  available: boolean
  reason?: string
}

export type ChainEntry = { chainId: number; name: string; local: boolean; ok: boolean }
