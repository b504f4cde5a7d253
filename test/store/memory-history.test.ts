/** The suite itself: an implementation without a database passes it. */
import { randomUUID } from 'node:crypto'

import { historyConformance } from '../conformance/history-backend.ts'
import { createMemoryHistory } from '../support/memory-history.ts'

historyConformance('a history in memory', async () => {
  const { backend, ...memory } = createMemoryHistory()
  return {
    backend,
    createOwner: async () => randomUUID(),
    async createConversation(owner) {
      const id = randomUUID()
      memory.createConversation(id, owner)
      return id
    },
    queueMessage: async (...given) => memory.queueMessage(...given),
    supersede: async (...given) => memory.supersede(...given),
    compact: async (...given) => memory.compact(...given),
    clear: async (...given) => memory.clear(...given),
    letPass: async (...given) => memory.letPass(...given),
  }
})
