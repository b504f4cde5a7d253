import type { ConversationState } from './conversation.ts'
import type { RequestKind } from './human-request.ts'
import type { ConversationId, OwnerId, RequestId } from './ids.ts'

/** What an operator looks for: conversations that wait for a person, or that cannot go on. */
export const watchedStates = ['waiting', 'stalled'] as const
export type WatchedState = (typeof watchedStates)[number]

/** A conversation as an operator sees it: whose it is and what keeps it, and nothing of what was said. */
export type WatchedConversation = {
  id: ConversationId
  owner: OwnerId
  state: ConversationState
  stalled: boolean
  /** Since when it has waited or stalled. ISO 8601. */
  since: string
  /** What a person must answer before it goes on, the oldest first. */
  waitsFor: { requestId: RequestId; kind: RequestKind; tools: string[]; expiresAt: string }[]
  /** Messages that wait for a turn. */
  queued: number
}

export type WatchedPage = { conversations: WatchedConversation[]; nextCursor: string | null }
