import { expect, test } from 'vitest'

import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { eventLogConformance } from '../conformance/event-log.ts'
import { openNoticeBook } from '../conformance/notice-book.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const quiet = { onChannelError: () => {} }

async function breakListeners(): Promise<void> {
  await store.database.rows(
    'break_listeners',
    `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen %'`,
  )
}

async function countListeners(): Promise<number> {
  const [row] = await store.database.rows<{ count: number }>(
    'count_listeners',
    `select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen %'`,
  )
  return row?.count ?? 0
}

eventLogConformance('the log in PostgreSQL', async () => ({
  log: createPostgresEventLog(store.database, quiet),
  other: createPostgresEventLog(store.openPool(), quiet),
  createConversation: () => store.createConversation(),
  async runTurn(id, turnId) {
    await store.database.rows('run_turn', 'update conversations set turn_id = $2 where id = $1', [id, turnId])
  },
  breakConnections: breakListeners,
}))

test('behavior: a listener has one connection, also after it was broken again and again', async () => {
  const { id } = await store.createConversation()
  const errors: unknown[] = []
  const log = createPostgresEventLog(store.database, { onChannelError: (error) => errors.push(error) })
  const book = await openNoticeBook(log, id)
  for (const gaps of [1, 2, 3]) {
    await breakListeners()
    await book.until(() => book.gaps === gaps)
  }
  expect(await countListeners()).toBe(1)
  expect(errors).toHaveLength(3)
  await book.close()
})

test('behavior: a pool of one connection carries parallel appends', async () => {
  const { id } = await store.createConversation()
  const log = createPostgresEventLog(store.openPool(1), quiet)
  const body = { type: 'round.started' as const, round: 0 }
  await Promise.all(Array.from({ length: 20 }, () => log.append(id, [{ key: null, turnId: null, body }])))
  expect((await log.read(id, 0, 100)).events).toHaveLength(20)
})

test('behavior: a page says up to where the log is gone, also when nothing is left', async () => {
  const { id } = await store.createConversation()
  const log = createPostgresEventLog(store.database, quiet)
  const body = { type: 'round.started' as const, round: 0 }
  await log.append(
    id,
    [1, 2, 3].map(() => ({ key: null, turnId: null, body })),
  )
  const read = async () => {
    const { events, floor } = await log.read(id, 0, 2)
    return [events.map(({ seq }) => seq), floor]
  }
  const remove = (upTo: number) =>
    store.database.rows(
      'test_remove',
      `with gone as (delete from events where conversation_id = $1 and seq <= $2)
         update conversations set log_floor = $2 where id = $1`,
      [id, upTo],
    )
  expect(await read()).toEqual([[1, 2], 0])
  await remove(2)
  expect(await read()).toEqual([[3], 2])
  await remove(3)
  expect(await read()).toEqual([[], 3])
  await store.database.rows('test_delete', 'delete from conversations where id = $1', [id])
  expect(await read()).toEqual([[], 0])
})
