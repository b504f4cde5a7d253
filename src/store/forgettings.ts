import type { MessageId } from '../contracts/ids.ts'
import type { Database } from './database.ts'

/**
 * Removes the content of turns that ended a while ago in conversations that keep nothing (history `none`), at most
 * `limit` of them. Any number of callers may do so at once. Answers how many there were.
 */
export function forgetDue(database: Database, limit: number): Promise<number> {
  return database.call('forget_due', [limit])
}

/** Whether the text of a user's message is gone while its id is still known. */
export async function isForgotten(database: Database, id: MessageId): Promise<boolean> {
  const rows = await database.rows('is_forgotten', 'select 1 from messages where id = $1 and text is null', [
    id,
  ])
  return rows.length > 0
}
