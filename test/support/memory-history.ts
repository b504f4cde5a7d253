import type {
  Compaction,
  HistoryBackend,
  HistoryMessage,
  HistoryRequest,
  LoadedHistory,
} from '../../src/store/history-backend.ts'
import { keepCallsTogether } from '../../src/store/keep-calls-together.ts'
import { storableText } from '../../src/store/storable-text.ts'

/** A history in memory. */
export type MemoryHistory = {
  backend: HistoryBackend
  createConversation(id: string, owner: string): void
  queueMessage(conversationId: string, id: string): void
  supersede(conversationId: string, ids: readonly string[], by: string): void
  compact(conversationId: string, uptoId: string, compaction: Compaction, asked?: boolean): void
  clear(conversationId: string): void
  letPass(conversationId: string, turnId: string): void
}

type Compacted = { conversationId: string; upto: number; compaction: Compaction; asked: boolean }

export function createMemoryHistory(): MemoryHistory {
  const owners = new Map<string, string>()
  const histories = new Map<string, HistoryMessage[]>()
  const historyOf = (id: string) => histories.get(id) ?? []
  const compactions: Compacted[] = []
  /** Messages that stood there when the conversation was cleared. */
  const cleared = new Map<string, number>()

  return {
    createConversation: (id, owner) => void owners.set(id, owner),
    queueMessage(conversationId, id) {
      const queued: HistoryMessage = { id, role: 'user', text: 'Waits.', state: 'queued', createdAt: '' }
      histories.set(conversationId, [...historyOf(conversationId), queued])
    },
    supersede(conversationId, ids, by) {
      const known = historyOf(conversationId)
      histories.set(
        conversationId,
        known.map((message) => (ids.includes(message.id) ? { ...message, supersededBy: by } : message)),
      )
    },
    compact(conversationId, uptoId, compaction, asked = false) {
      const upto = historyOf(conversationId).findIndex(({ id }) => id === uptoId) + 1
      compactions.push({ conversationId, upto, compaction, asked })
    },
    letPass(conversationId, turnId) {
      const known = historyOf(conversationId)
      histories.set(
        conversationId,
        known.filter((message) => message.turnId !== turnId),
      )
    },
    clear: (conversationId) => void cleared.set(conversationId, historyOf(conversationId).length),
    backend: {
      sharesRows: false,
      async load(request) {
        const { conversationId, strategy } = request
        const from = cleared.get(conversationId) ?? 0
        const latest =
          strategy.kind === 'none'
            ? undefined
            : compactions.findLast(
                (made) =>
                  made.conversationId === conversationId &&
                  made.upto > from &&
                  (made.asked || strategy.kind === 'summary'),
              )
        const loaded = admitted(historyOf(conversationId), request, latest?.upto ?? from)
        return { ...loaded, ...(latest === undefined ? {} : { compaction: latest.compaction }) }
      },
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
  { strategy, turnId, maxBytes }: HistoryRequest,
  lowest: number,
): LoadedHistory {
  const counts = messages.filter(({ role, text, state, supersededBy, turnId: of }, index) => {
    const isGone = text === undefined && (role === 'user' || role === 'note')
    return state === 'done' && supersededBy === undefined && !isGone && (of === turnId || index >= lowest)
  })
  const start = counts.findIndex((message) => message.turnId === turnId)
  const older = start < 0 ? counts : counts.slice(0, start)
  const users = counts.flatMap(({ role }, index) => (role === 'user' ? [index] : []))
  const window = strategy.kind === 'slidingWindow' ? (users.at(-strategy.window) ?? 0) : 0
  const from = strategy.kind === 'none' ? older.length : Math.min(window, older.length)
  const sums = older.map((_, index) => older.slice(index).reduce((sum, message) => sum + bytesOf(message), 0))
  const complete = (sums[from] ?? 0) <= maxBytes
  const fits = sums.findIndex(
    (sum, index) => index >= from && sum <= maxBytes && older[index]?.role === 'user',
  )
  const first = complete ? from : fits < 0 ? older.length : fits
  return { messages: keepCallsTogether(counts.slice(first)), complete }
}

function bytesOf({ text = '', toolCalls = [] }: HistoryMessage): number {
  return Buffer.byteLength(text) + (toolCalls.length === 0 ? 0 : JSON.stringify(toolCalls).length)
}

function withStorableText(message: HistoryMessage): HistoryMessage {
  return message.text === undefined ? message : { ...message, text: storableText(message.text) }
}
