import type { Database } from './database.ts'
import { keepConnection } from './kept-connection.ts'
import { noticeDeadHost } from './notice-dead-host.ts'

/** Of the advisory locks on builds; the registry of workers has its own. */
const lockClass = 73_653

/**
 * The builds that somebody serves: each worker shares an advisory lock on the name of its build, which ends with
 * its connection, so a kill -9 frees it at once.
 */
export interface LivingBuilds {
  /**
   * Whether a worker of that build lives and means to go on. Everything lives in the first seconds of a database
   * server: all workers have lost their locks then. Must not be asked about the own build.
   */
  isLiving(build: string): Promise<boolean>
  /** Says that this worker is about to end; it does not count from now on. */
  leave(): Promise<void>
}

/** Counts this worker among those that serve its build. */
export async function joinLivingBuilds(
  database: Database,
  build: string,
  onError: (error: unknown) => void,
): Promise<LivingBuilds> {
  const leave = await keepConnection(database, {
    async prepare(client) {
      await noticeDeadHost(client)
      await client.query('select pg_advisory_lock_shared($1, hashtext($2))', [lockClass, build])
    },
    onError,
  })
  return {
    leave,
    async isLiving(asked) {
      const [row] = await database.rows<{ living: boolean }>(
        'is_build_living',
        `select greatest(pg_postmaster_start_time(), (select since from get_server_life()))
             > clock_timestamp() - interval '3 seconds'
           or not pg_try_advisory_xact_lock(${lockClass}, hashtext($1)) as living`,
        [asked],
      )
      return row?.living ?? true
    },
  }
}
