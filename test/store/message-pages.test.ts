import { expect, test } from 'vitest'

import { listMessages } from '../../src/store/message-pages.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store

/** A conversation of so many turns of a question, two calls with results, and an answer. */
async function fill(turns: number): Promise<{ id: string; owner: string }> {
  const conversation = await store.createConversation()
  await database.rows(
    'fill',
    `insert into messages (id, conversation_id, role, text, tool_calls, call_id, state, turn_id)
       select $1 || '.' || n || '.' || place, $1, role, 'Text ' || n, case when place = 1 then '[]'::json end,
           case when role = 'tool' then $1 || '.' || n || '.' || place end, 'done', $1 || '.t' || n
         from generate_series(1, $2) as turns (n),
           (values (0, 'user'), (1, 'assistant'), (2, 'tool'), (3, 'tool'), (4, 'assistant')) as kinds (place, role)
         order by n, place`,
    [conversation.id, turns],
  )
  return conversation
}

test('pages of 10,000 messages hold each once, in order, and none begins with a result', async () => {
  const { id, owner } = await fill(2_000)
  const { messages, olderMessages } = await getSnapshot(database, owner, id)
  expect(messages).toHaveLength(200)
  const seen = messages.map((message) => message.id)
  let before = olderMessages
  while (before !== undefined) {
    const page = await listMessages(
      database,
      { owner, conversationId: id },
      { before: Number(before), limit: 197, superseded: false },
    )
    expect(page.messages[0]?.role).not.toBe('tool')
    seen.unshift(...page.messages.map((message) => message.id))
    before = page.olderMessages
  }
  const all = Array.from({ length: 2_000 }, (_, turn) =>
    [0, 1, 2, 3, 4].map((place) => `${id}.${turn + 1}.${place}`),
  )
  expect(seen).toEqual(all.flat())
})

test('behavior: a snapshot reads no more rows than it shows, however many there are', async () => {
  const { id } = await fill(2_000)
  await database.rows('analyze', 'analyze messages')
  const rows = await database.rows<{ 'QUERY PLAN': string }>(
    'explain',
    `explain select id from messages where conversation_id = '${id}' and superseded_by is null
       and state not in ('received', 'queued') order by position desc limit 233`,
  )
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(plan).toContain('Index Scan Backward using messages_in_order')
  expect(plan).not.toContain('Sort')
})

test('behavior: the last page has no cursor, and neither has an empty conversation', async () => {
  const { id, owner } = await fill(2)
  const list = (limit: number, before?: string) =>
    listMessages(
      database,
      { owner, conversationId: id },
      { limit, superseded: false, ...(before === undefined ? {} : { before: Number(before) }) },
    )
  expect(await list(10)).not.toHaveProperty('olderMessages')
  const { olderMessages, messages } = await list(5)
  expect(messages).toHaveLength(5)
  expect(await list(5, olderMessages)).not.toHaveProperty('olderMessages')
  const empty = await store.createConversation()
  const snapshot = await getSnapshot(database, empty.owner, empty.id)
  expect(snapshot.messages).toEqual([])
  expect(snapshot).not.toHaveProperty('olderMessages')
})

test('error: nobody else reads them', async () => {
  const { id } = await fill(1)
  const stranger = { owner: 'o_other', conversationId: id }
  await expect(listMessages(database, stranger, { limit: 5, superseded: false })).rejects.toMatchObject({
    code: 'not_found',
  })
})
