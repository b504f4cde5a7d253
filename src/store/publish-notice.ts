import type { ConversationId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toWireNotice } from './log-answer.ts'

/**
 * Tells listeners about an append that has been committed. `events` is the JSON that was appended.
 *
 * A statement of its own with an asynchronous commit: NOTIFY inside a synchronously committed transaction
 * holds a database-wide lock until the flush (370 commits a second against 3,000 with a 2 ms flush).
 */
export function publishNotice(
  database: Database,
  conversationId: ConversationId,
  answer: LogAnswer | null | undefined,
  events?: string,
): void {
  if (!answer || answer.last === answer.prev) return
  database.notify('perdura_events', toWireNotice(conversationId, answer, events))
}
