import pg from 'pg'
import { vi } from 'vitest'

/** A table that nobody can write to, so that a process stops in the middle of a function of the schema. */
export type HeldTable = {
  /** Resolves when a call of that function waits for the table. */
  untilReached(functionName: string): Promise<void>
  /** Ends those that wait, as PostgreSQL does when it notices that they are gone: nothing of theirs is stored. */
  endWaiting(functionName: string): Promise<void>
  release(): Promise<void>
}

/** Holds a table; reading goes on. */
export async function holdTable(databaseUrl: string, table: string): Promise<HeldTable> {
  const [holder, watcher] = [0, 1].map(() => new pg.Client({ connectionString: databaseUrl }))
  if (holder === undefined || watcher === undefined) throw new Error('There are no connections.')
  await Promise.all([holder.connect(), watcher.connect()])
  await holder.query('begin')
  await holder.query(`lock table ${table} in share mode`)
  const waiting = `from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like 'select ' || $1 || '(%'`
  return {
    untilReached: (functionName) =>
      vi.waitFor(async () => {
        const { rowCount } = await watcher.query(`select pid ${waiting}`, [functionName])
        if (rowCount === 0) throw new Error(`Nobody waits in ${functionName}.`)
      }, 30_000),
    async endWaiting(functionName) {
      await watcher.query(`select pg_terminate_backend(pid) ${waiting}`, [functionName])
    },
    async release() {
      await holder.end()
      await watcher.end()
    },
  }
}
