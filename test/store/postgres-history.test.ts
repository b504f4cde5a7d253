import { acceptMessage, announceMessage } from '../../src/store/messages.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { historyConformance } from '../conformance/history-backend.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()

historyConformance('the history in PostgreSQL', async () => ({
  backend: createPostgresHistory(store.database),
  createOwner: store.createOwner,
  createConversation: async (owner) => (await store.createConversation({ owner })).id,
  async queueMessage(conversationId, id) {
    const [row] = await store.database.rows<{ owner_id: string }>(
      'owner_of',
      'select owner_id from conversations where id = $1',
      [conversationId],
    )
    await acceptMessage(store.database, {
      id,
      conversationId,
      owner: row?.owner_id ?? '',
      text: 'Waits.',
      via: 'api',
      queueLimit: 100,
      turnLimit: 50,
    })
    await announceMessage(store.database, conversationId, id)
  },
  async supersede(conversationId, ids, by) {
    await store.database.rows(
      'supersede',
      'update messages set superseded_by = $3 where conversation_id = $1 and id = any ($2)',
      [conversationId, ids, by],
    )
  },
  async compact(conversationId, uptoId, { summary, facts, factsLeftOut }, asked = false) {
    await store.database.rows(
      'compact',
      `insert into compactions (id, conversation_id, upto_position, summary, facts, facts_left_out, asked,
           tokens_before, tokens_after)
         select gen_random_uuid(), $1, position, $3, $4::json, $5, $6, 100, 10 from messages where id = $2`,
      [conversationId, uptoId, summary, JSON.stringify(facts), factsLeftOut, asked],
    )
  },
  async letPass(conversationId, turnId) {
    await store.database.rows(
      'let_pass',
      `insert into forgettings (id, conversation_id, due_at) values ($2, $1, now() + interval '1 hour')`,
      [conversationId, turnId],
    )
  },
  async clear(conversationId) {
    await store.database.rows(
      'clear',
      `update conversations set cleared_position =
           (select max(position) from messages where conversation_id = $1) where id = $1`,
      [conversationId],
    )
  },
}))
