import { afterEach, expect, test } from 'vitest'

import { openWorkerRegistry, type WorkerRegistry } from '../../src/store/worker-registry.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store
const opened: WorkerRegistry[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()))
  await database.rows('forget_workers', 'delete from workers')
})

/** A registry with a pool of its own, so that each is a process of its own. */
async function openRegistry(identity: string, onError: (error: unknown) => void = () => {}) {
  const registry = await openWorkerRegistry(store.openPool(1), identity, onError)
  opened.push(registry)
  return registry
}

const task = (name: string) => ({ taskToken: Buffer.from(name), workflowId: `conversation:${name}` })
const names = (lost: { taskToken: Uint8Array }[]) =>
  lost.map(({ taskToken }) => Buffer.from(taskToken).toString()).toSorted()

/** The connections that hold or wait for the lock of a worker. */
async function listLocks(): Promise<{ pid: number; granted: boolean }[]> {
  return database.rows(
    'list_locks',
    `select pid, granted from pg_locks join pg_database d on d.oid = database
       where locktype = 'advisory' and classid in (73651, 73652) and datname = current_database() order by pid`,
  )
}

async function breakLocks(): Promise<void> {
  await database.rows(
    'break_locks',
    `select pg_terminate_backend(pid) from pg_locks join pg_database d on d.oid = database
       where locktype = 'advisory' and classid in (73651, 73652) and datname = current_database()`,
  )
}

/** Reads again and again until it fits; the test's own timeout bounds it. */
async function until<T>(read: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read()
    if (fits(value)) return value
  }
}

/** A worker that died: its rows are there, its lock is not. */
async function leaveDead(identity: string, tasks: readonly string[]): Promise<void> {
  const [row] = await database.rows<{ id: number }>(
    'leave_dead',
    'insert into workers (identity) values ($1) returning id',
    [identity],
  )
  for (const name of tasks) {
    await database.rows(
      'leave_task',
      'insert into running_activities (worker_id, task_token, workflow_id) values ($1, $2, $3)',
      [row?.id, task(name).taskToken, task(name).workflowId],
    )
  }
}

test('takes what a dead worker left, each task once', async () => {
  const registry = await openRegistry('alive')
  await leaveDead('dead', ['a', 'b'])
  // Nobody is taken for dead in the first seconds of a server.
  const lost = await until(
    () => registry.takeLost(),
    ({ length }) => length > 0,
  )
  expect(names(lost)).toEqual(['a', 'b'])
  expect(lost.map(({ workflowId }) => workflowId).toSorted()).toEqual(['conversation:a', 'conversation:b'])
  expect(await registry.takeLost()).toEqual([])
})

test('behavior: leaves the tasks of workers that live', async () => {
  const [one, two] = await Promise.all([openRegistry('one'), openRegistry('two')])
  await one.record([task('a')], [])
  expect(await two.takeLost()).toEqual([])
  expect(await one.takeLost()).toEqual([])
})

test('behavior: a task that ended is not lost', async () => {
  const dying = await openWorkerRegistry(store.openPool(1), 'dying', () => {})
  await dying.record([task('a'), task('b')], [])
  await dying.record([task('c')], [task('a').taskToken])
  const rows = await database.rows<{ workflow_id: string }>(
    'running',
    'select workflow_id from running_activities order by workflow_id',
  )
  await dying.close()
  expect(rows.map(({ workflow_id }) => workflow_id)).toEqual(['conversation:b', 'conversation:c'])
})

test('behavior: exactly one of several workers takes a task', async () => {
  const registries = await Promise.all(['one', 'two', 'three'].map((identity) => openRegistry(identity)))
  for (let round = 0; round < 5; round++) {
    const tasks = Array.from({ length: 6 }, (_, index) => `r${round}.${index}`)
    await leaveDead('first', tasks.slice(0, 3))
    await leaveDead('second', tasks.slice(3))
    const taken = await Promise.all(registries.map((registry) => registry.takeLost()))
    // One that looks while another holds a dead worker's lock sees nothing, and looks again later.
    const rest = await registries[0]?.takeLost()
    expect(names([...taken.flat(), ...(rest ?? [])])).toEqual(tasks)
  }
})

test('behavior: a lost connection frees the lock, and the worker takes it again', async () => {
  const errors: unknown[] = []
  const registry = await openRegistry('alive', (error) => errors.push(error))
  const other = await openRegistry('other')
  for (let round = 0; round < 3; round++) {
    const before = await listLocks()
    await breakLocks()
    await until(listLocks, (locks) => {
      const held = locks.filter(({ granted, pid }) => granted && before.every((lock) => lock.pid !== pid))
      return held.length === before.length
    })
  }
  await registry.record([task('a')], [])
  expect(await other.takeLost()).toEqual([])
  expect(errors.length).toBeGreaterThanOrEqual(3)
})

test('behavior: has one connection for each of its locks, however often that broke', async () => {
  await openRegistry('alive')
  for (let round = 0; round < 3; round++) {
    const [before] = await listLocks()
    await breakLocks()
    await until(listLocks, ([now]) => now !== undefined && now.granted && now.pid !== before?.pid)
    // A second retry would come within its pause.
    await database.rows('pause', 'select pg_sleep(0.5)::text')
  }
  const connections = await database.rows<{ query: string }>(
    'lock_connections',
    `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
       and (query like '%pg_advisory_lock%' or query like 'insert into workers%')`,
  )
  const locks = await listLocks()
  expect(locks.every(({ granted }) => granted)).toBe(true)
  expect(connections).toHaveLength(locks.length)
})

test('behavior: a worker that leaves takes its rows along', async () => {
  const registry = await openWorkerRegistry(store.openPool(1), 'leaving', () => {})
  await registry.record([task('a')], [])
  await registry.record([], [task('a').taskToken])
  await registry.close()
  const rows = await database.rows('workers', "select id from workers where identity = 'leaving'")
  expect(rows).toEqual([])
  expect(await listLocks()).toEqual([])
})
