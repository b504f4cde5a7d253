import { AppError } from '../contracts/errors.ts'
import type { ConversationId } from '../contracts/ids.ts'

/** What is said of an id that no conversation of this owner has, somebody else's included. */
export function noConversation(id: ConversationId): AppError {
  return new AppError('not_found', `There is no conversation ${id}. List yours with GET /api/conversations.`)
}
