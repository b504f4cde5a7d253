import type { VerbatimFact } from '../contracts/context.ts'
import type { HistoryStrategy, Message } from '../contracts/conversation.ts'
import type { ConversationId, MessageId, OwnerId, TurnId } from '../contracts/ids.ts'

export type HistoryRequest = {
  conversationId: ConversationId
  /** The running turn: its messages are always part of the history, whatever the strategy. */
  turnId: TurnId
  /** The messages that started it. */
  messageIds: readonly MessageId[]
  strategy: HistoryStrategy
  /** How much text of what stands before the running turn is wanted at most, in bytes of UTF-8. */
  maxBytes: number
}

/** A message on its way to the model. A tool's message says which provider call it answers. */
export type HistoryMessage = Message & { providerCallIds?: Record<string, string> }

/** What stands in the place of older messages. */
export type Compaction = {
  /** Null: no model could write one. */
  summary: string | null
  /** Oldest first. */
  facts: VerbatimFact[]
  /** How many facts were found besides. */
  factsLeftOut: number
}

export type LoadedHistory = {
  /** Oldest first. */
  messages: HistoryMessage[]
  /** Sums up what stands before the messages: with the strategy `summary`, or because somebody asked for it. */
  compaction?: Compaction
  /** False: older messages, which the strategy admits, are left out because they hold more than `maxBytes`. */
  complete: boolean
}

/**
 * Decides what the model is given of a conversation.
 *
 * `load` must return messages in order, oldest first; must keep an assistant message with tool calls
 * together with the result of every one of them; must return only what the strategy admits: `full`
 * everything, `slidingWindow` from the nth last user message on, `summary` everything behind the latest
 * compaction and that compaction, `none` the running turn alone. A compaction that somebody asked for counts with
 * every strategy but `none`: what it sums up is not returned. It must never return messages that have not started,
 * that are superseded, whose text is gone or whose turn is to be forgotten, or that stood there when the conversation
 * was cleared; a compaction that was made before it was cleared counts no more. It must leave out the oldest messages,
 * up to a user's message, when what stands before the running turn holds more than `maxBytes`, and say so; what it
 * reads must not grow with the rest of the conversation.
 * `save` must be idempotent: a message that is saved twice is there once, and the first text stands.
 * `flush` must return only when everything saved before is durable.
 * `list` must name the conversations of an owner that have messages, the latest first.
 * A backend with `sharesRows` reads the rows that the runtime has written in the turn's own transaction;
 * the runtime then never calls its `save`.
 */
export interface HistoryBackend {
  readonly sharesRows: boolean
  load(request: HistoryRequest): Promise<LoadedHistory>
  save(conversationId: ConversationId, messages: readonly HistoryMessage[]): Promise<void>
  flush(): Promise<void>
  list(owner: OwnerId): Promise<ConversationId[]>
}
