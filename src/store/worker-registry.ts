import type pg from 'pg'

import type { Database } from './database.ts'

/** A task that a dead worker left behind. */
export type LostActivity = { taskToken: Uint8Array; workflowId: string }

/** The class of advisory locks that workers hold on their numbers. */
const workerLocks = 73_651

/**
 * This worker's place among the living: an advisory lock that ends with its connection, so a kill -9 frees
 * it at once, and rows for the tasks it holds. Nothing here waits for the disk: after a crash of the server
 * the tasks are found by their heartbeat timeouts.
 */
export interface WorkerRegistry {
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
  const lock = await holdLock(database, { id: row.id, identity }, onError)
  return {
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
             where id <> $1 and pg_postmaster_start_time() < now() - interval '3 seconds'
               and pg_try_advisory_xact_lock(${workerLocks}, id)),
           tasks as (delete from running_activities where worker_id in (select id from dead)
             returning task_token, workflow_id),
           gone as (delete from workers where id in (select id from dead))
         select task_token, workflow_id from tasks`,
        [row.id],
      )
      return lost.map(({ task_token, workflow_id }) => ({ taskToken: task_token, workflowId: workflow_id }))
    },
    async close() {
      await database.rows('unregister_worker', 'delete from workers where id = $1', [row.id]).catch(onError)
      await lock.release()
    },
  }
}

const lockRetryMs = 200

/** Holds the lock through reconnects. The row follows the lock: a row without one is a dead worker's. */
async function holdLock(
  database: Database,
  { id, identity }: { id: number; identity: string },
  onError: (error: unknown) => void,
): Promise<{ release(): Promise<void> }> {
  let released = false
  let current: pg.Client | undefined

  async function take(): Promise<void> {
    const client = await database.openConnection()
    client.on('error', (error) => lose(client, error))
    client.on('end', () => lose(client, new Error('The connection ended.')))
    try {
      await client.query('select pg_advisory_lock($1, $2)', [workerLocks, id])
      if (released) return await client.end()
      await client.query(
        'insert into workers (id, identity) overriding system value values ($1, $2) on conflict do nothing',
        [id, identity],
      )
    } catch (error) {
      client.end().catch(onError)
      throw error
    }
    current = client
    if (released) await client.end()
  }

  /** A broken connection tells so several times; only the first time it is still the current one. */
  function lose(client: pg.Client, error: unknown): void {
    if (released || current !== client) return
    current = undefined
    retry(error)
  }

  function retry(error: unknown): void {
    onError(error)
    setTimeout(() => {
      if (!released) take().catch(retry)
    }, lockRetryMs)
  }

  await take()
  return {
    async release() {
      released = true
      await current?.end()
    },
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes)
}
