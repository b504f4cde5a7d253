import type { Database } from './database.ts'

/**
 * Removes the content of turns that ended a while ago in conversations that keep nothing (history `none`), at most
 * `limit` of them. Any number of callers may do so at once. Answers how many there were.
 */
export function forgetDue(database: Database, limit: number): Promise<number> {
  return database.call('forget_due', [limit])
}
