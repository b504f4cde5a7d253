import { vi } from 'vitest'

import type { Database } from '../../src/store/database.ts'

/** A transaction of somebody else's that is under way. */
export type OpenWrite = {
  /** What is called with it is part of the transaction. */
  database: Database
  query(text: string, values?: unknown[]): Promise<unknown>
  /** Resolves when so many wait for what it holds, or for each other; by default one. */
  untilAwaited(count?: number): Promise<void>
  commit(): Promise<void>
}

export async function openWrite(database: Database): Promise<OpenWrite> {
  const connection = await database.openConnection()
  await connection.query('begin')
  return {
    database: {
      ...database,
      call: async (name, values) => {
        const places = values.map((_, index) => `$${index + 1}`).join(', ')
        return (await connection.query(`select ${name}(${places}) as answer`, [...values])).rows[0].answer
      },
    },
    query: (text, values) => connection.query(text, values),
    untilAwaited: (count = 1) =>
      vi.waitFor(async () => {
        const waiting = await database.rows(
          'test_waiting',
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        if (waiting.length < count) throw new Error(`${waiting.length} of ${count} wait.`)
      }, 5_000),
    async commit() {
      await connection.query('commit')
      await connection.end()
    },
  }
}

/** The same, of whoever writes to a conversation now. */
export async function holdConversation(database: Database, id: string): Promise<OpenWrite> {
  const write = await openWrite(database)
  await write.query('select 1 from conversations where id = $1 for update', [id])
  return write
}
