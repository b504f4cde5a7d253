import type { HistoryStrategy, Message } from '../contracts/conversation.ts'
import type { ConversationId, OwnerId, TurnId } from '../contracts/ids.ts'

export type HistoryRequest = {
  conversationId: ConversationId
  /** The running turn: its messages are always part of the history, whatever the strategy. */
  turnId: TurnId
  strategy: HistoryStrategy
}

/** A message on its way to the model. A tool's message says which provider call it answers. */
export type HistoryMessage = Message & { providerCallIds?: Record<string, string> }

/**
 * Decides what the model is given of a conversation.
 *
 * `load` must return messages in order, oldest first; must keep an assistant message with tool calls
 * together with the result of every one of them; must return only what the strategy admits: `full`
 * everything, `slidingWindow` from the nth last user message on, `none` the running turn alone. It must
 * never return messages that have not started.
 * `save` must be idempotent: a message that is saved twice is there once, and the first text stands.
 * `flush` must return only when everything saved before is durable.
 * `list` must name the conversations of an owner that have messages, the latest first.
 * A backend with `sharesRows` reads the rows that the runtime has written in the turn's own transaction;
 * the runtime then never calls its `save`.
 */
export interface HistoryBackend {
  readonly sharesRows: boolean
  load(request: HistoryRequest): Promise<HistoryMessage[]>
  save(conversationId: ConversationId, messages: readonly HistoryMessage[]): Promise<void>
  flush(): Promise<void>
  list(owner: OwnerId): Promise<ConversationId[]>
}
