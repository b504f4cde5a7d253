import type { HistoryBackend, HistoryMessage, HistoryRequest } from '../../src/store/history-backend.ts'
import { keepCallsTogether } from '../../src/store/keep-calls-together.ts'
import { storableText } from '../../src/store/storable-text.ts'

/** A history in memory. */
export type MemoryHistory = {
  backend: HistoryBackend
  createConversation(id: string, owner: string): void
  queueMessage(conversationId: string, id: string): void
}

export function createMemoryHistory(): MemoryHistory {
  const owners = new Map<string, string>()
  const histories = new Map<string, HistoryMessage[]>()
  const historyOf = (id: string) => histories.get(id) ?? []

  return {
    createConversation: (id, owner) => void owners.set(id, owner),
    queueMessage(conversationId, id) {
      const queued: HistoryMessage = { id, role: 'user', text: 'Waits.', state: 'queued', createdAt: '' }
      histories.set(conversationId, [...historyOf(conversationId), queued])
    },
    backend: {
      sharesRows: false,
      load: async (request) => keepCallsTogether(admitted(historyOf(request.conversationId), request)),
      async save(conversationId, messages) {
        const known = historyOf(conversationId)
        const added = messages.filter(({ id }) => known.every((message) => message.id !== id))
        if (added.length === 0) return
        // The latest conversation stands last.
        histories.delete(conversationId)
        histories.set(conversationId, [...known, ...added.map(withStorableText)])
      },
      async flush() {},
      list: async (owner) => [...histories.keys()].filter((id) => owners.get(id) === owner).toReversed(),
    },
  }
}

function admitted(
  messages: readonly HistoryMessage[],
  { strategy, turnId }: HistoryRequest,
): HistoryMessage[] {
  const started = messages.filter(({ state }) => state === 'done')
  const users = started.flatMap(({ role }, index) => (role === 'user' ? [index] : []))
  const from = strategy.kind === 'slidingWindow' ? (users.at(-strategy.window) ?? 0) : 0
  return started.filter(
    (message, index) => message.turnId === turnId || (strategy.kind !== 'none' && index >= from),
  )
}

function withStorableText(message: HistoryMessage): HistoryMessage {
  return message.text === undefined ? message : { ...message, text: storableText(message.text) }
}
