import type { ConversationId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toWireNotice } from './log-answer.ts'

/**
 * Tells listeners about an append that has been committed. `events` is the JSON that was appended.
 *
 * A statement of its own with an asynchronous commit: NOTIFY inside a synchronously committed transaction
 * holds a database-wide lock until the flush (370 commits a second against 3,000 with a 2 ms flush).
 * Not waited for, and a failure is ignored: readers close gaps by themselves.
 */
export function publishNotice(
  database: Database,
  conversationId: ConversationId,
  answer: LogAnswer | null | undefined,
  events?: string,
): void {
  if (!answer || answer.last === answer.prev) return
  database
    .rows(
      'publish_notice',
      "select set_config('synchronous_commit', 'off', true), pg_notify('perdura_events', $1)",
      [toWireNotice(conversationId, answer, events)],
    )
    .catch(() => {
      // The database went away between two statements; listeners read on when it is back.
    })
}
