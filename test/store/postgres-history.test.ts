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
}))
