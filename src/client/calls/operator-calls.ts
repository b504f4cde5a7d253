import type { WatchedPage, WatchedState } from '../../contracts/watched-conversation.ts'
import { requestJson, type Transport } from '../send-request.ts'

/** What only the operator's key may ask for, in the place of a token. */
export function operatorCalls(transport: Transport) {
  return {
    /** Conversations of all owners, the one that has stood longest first. */
    listWatchedConversations: (query: { state: WatchedState; cursor?: string }) =>
      requestJson<WatchedPage>(transport, { path: '/api/admin/conversations', query }),
  }
}
