/** What loading a history costs, in rows of `messages` that are read. */
import { expect, test } from 'vitest'

import type { HistoryStrategy } from '../../src/contracts/conversation.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
// One connection: the counters are those of its transaction.
const database = store.openPool(1)
const { id } = await store.createConversation()
await database.rows(
  'fill',
  `insert into messages (id, conversation_id, role, text, state, turn_id)
     select $1 || '.' || n, $1, case when n % 4 = 1 then 'user' else 'assistant' end, repeat('x', 100), 'done',
       $1 || '.t' || (n + 3) / 4
     from generate_series(1, 10000) as n order by n`,
  [id],
)
await database.rows('analyze', 'analyze messages')

async function rowsRead(): Promise<number> {
  const [counted] = await database.rows<{ read: number }>(
    'reads',
    `select seq_tup_read + coalesce(idx_tup_fetch, 0) as read
       from pg_stat_xact_user_tables where relname = 'messages'`,
  )
  return counted?.read ?? 0
}

async function countReads(strategy: HistoryStrategy, maxBytes: number) {
  const lastTurn = { conversationId: id, turnId: `${id}.t2500`, messageIds: [`${id}.9997`] }
  await database.rows('begin', 'begin')
  const before = await rowsRead()
  const { messages, complete } = await createPostgresHistory(database).load({
    ...lastTurn,
    strategy,
    maxBytes,
  })
  const read = (await rowsRead()) - before
  await database.rows('rollback', 'rollback')
  return { loaded: messages.length, complete, read }
}

test.for<[HistoryStrategy, number, { loaded: number; complete: boolean }]>([
  [{ kind: 'none' }, 1_000_000, { loaded: 4, complete: true }],
  [{ kind: 'slidingWindow', window: 10 }, 1_000_000, { loaded: 40, complete: true }],
  [{ kind: 'slidingWindow', window: 1000 }, 10_000, { loaded: 104, complete: false }],
  [{ kind: 'summary' }, 10_000, { loaded: 104, complete: false }],
  [{ kind: 'full' }, 10_000, { loaded: 104, complete: false }],
])('of 10,000 messages %j reads little more than it gives', async ([strategy, maxBytes, expected]) => {
  // With the plan for this one call, and with the one that is kept for all.
  for (let call = 1; call <= 7; call++) {
    const { read, ...given } = await countReads(strategy, maxBytes)
    expect(given).toEqual(expected)
    expect(read).toBeLessThan(3 * given.loaded + 20)
  }
})

test('a turn that no message has started is found all the same', async () => {
  const history = createPostgresHistory(database)
  const strategy: HistoryStrategy = { kind: 'none' }
  const { messages } = await history.load({
    conversationId: id,
    turnId: `${id}.t2500`,
    messageIds: [],
    strategy,
    maxBytes: 0,
  })
  expect(messages).toHaveLength(4)
})
