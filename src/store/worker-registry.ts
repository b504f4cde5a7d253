import type { Database } from './database.ts'
import { keepConnection } from './kept-connection.ts'
import { noticeDeadHost } from './notice-dead-host.ts'

/** A task that a dead worker left behind. */
export type LostActivity = { taskToken: Uint8Array; workflowId: string }

/**
 * The classes of advisory locks that a worker holds on its number, each through a connection of its own: a
 * single connection that breaks and comes back must not make it dead.
 */
const lockClasses = [73_651, 73_652]

/**
 * This worker's place among the living: an advisory lock that ends with its connection, so a kill -9 frees
 * it at once, and rows for the tasks it holds. Nothing here waits for the disk: after a crash of the server
 * the tasks are found by their heartbeat timeouts.
 */
export interface WorkerRegistry {
  /** The worker's number. */
  readonly id: number
  /** Records and forgets tasks. Must be called with no task in both. */
  record(
    started: readonly { taskToken: Uint8Array; workflowId: string }[],
    ended: readonly Uint8Array[],
  ): Promise<void>
  /**
   * Takes the tasks of workers that no longer live, each for one caller only. Nobody is taken for dead in
   * the first seconds of a database server: all workers have lost their locks then.
   */
  takeLost(): Promise<LostActivity[]>
  close(): Promise<void>
}

/** Registers a worker and takes its lock. */
export async function openWorkerRegistry(
  database: Database,
  identity: string,
  onError: (error: unknown) => void,
): Promise<WorkerRegistry> {
  const [row] = await database.rows<{ id: number }>(
    'number_worker',
    "select nextval(pg_get_serial_sequence('workers', 'id'))::int as id",
  )
  if (row === undefined) throw new Error('The worker got no number.')
  const releases = await Promise.all(
    lockClasses.map((lockClass) => holdLock(database, lockClass, { id: row.id, identity }, onError)),
  )
  return {
    id: row.id,
    async record(started, ended) {
      await database.rows(
        'record_activities',
        `with off as (select set_config('synchronous_commit', 'off', true)),
           gone as (delete from running_activities where worker_id = $1 and task_token = any ($2))
         insert into running_activities (worker_id, task_token, workflow_id)
           select $1, token, workflow from off, unnest($3::bytea[], $4::text[]) as t (token, workflow)
           on conflict do nothing`,
        [
          row.id,
          ended.map(toBuffer),
          started.map((s) => toBuffer(s.taskToken)),
          started.map((s) => s.workflowId),
        ],
      )
    },
    async takeLost() {
      const lost = await database.rows<{ task_token: Buffer; workflow_id: string }>(
        'take_lost_activities',
        `with dead as materialized (
           select id from workers
             where id <> $1
               and greatest(pg_postmaster_start_time(), (select since from get_server_life())) < clock_timestamp() - interval '3 seconds'
               and ${lockClasses.map((lockClass) => `pg_try_advisory_xact_lock(${lockClass}, id)`).join(' and ')}),
           tasks as (delete from running_activities where worker_id in (select id from dead)
             returning task_token, workflow_id),
           gone as (delete from workers where id in (select id from dead))
         select task_token, workflow_id from tasks`,
        [row.id],
      )
      return lost.map(({ task_token, workflow_id }) => ({ taskToken: task_token, workflowId: workflow_id }))
    },
    async close() {
      // What still runs is left with its rows: others take it over as soon as the locks are free.
      await database
        .rows(
          'unregister_worker',
          'delete from workers where id = $1 and id not in (select worker_id from running_activities)',
          [row.id],
        )
        .catch(onError)
      await Promise.all(releases.map((release) => release()))
    },
  }
}

/** Holds one lock through reconnects. The row follows the lock: a row without one is a dead worker's. */
function holdLock(
  database: Database,
  lockClass: number,
  { id, identity }: { id: number; identity: string },
  onError: (error: unknown) => void,
): Promise<() => Promise<void>> {
  return keepConnection(database, {
    async prepare(client) {
      await noticeDeadHost(client)
      await client.query('select pg_advisory_lock($1, $2)', [lockClass, id])
      await client.query(
        'insert into workers (id, identity) overriding system value values ($1, $2) on conflict do nothing',
        [id, identity],
      )
    },
    onError,
  })
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes)
}
