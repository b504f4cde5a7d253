import { LRUCache } from 'lru-cache'

import type { Compaction, HistoryMessage } from './history-backend.ts'

/** A message as it is kept. */
export type KeptMessage = { message: HistoryMessage; position: number; sizeBytes: number }

/** All that a strategy admitted of a conversation when it was loaded. */
export type KeptHistory = {
  /** As the database names it: in the same version, messages were only added. */
  version: string
  /** Oldest first. */
  messages: readonly KeptMessage[]
  compaction: Compaction | undefined
  /** Everything up to this position is here, or not admitted. */
  upto: number
}

/** The histories that were loaded last: a turn asks for its own with every round, and a person soon for another turn. */
export type KeptHistories = LRUCache<string, KeptHistory>

/** Texts in UTF-8. */
const keptBytes = 64 * 1024 * 1024
/** What was deleted or is to be forgotten is gone from the memory as well, that soon after it was used last. */
const keptMs = 60_000
/** What a message takes beside its text. */
const messageOverheadBytes = 500

/** Makes the memory of histories, empty. */
export function createKeptHistories(): KeptHistories {
  return new LRUCache({
    maxSize: keptBytes,
    sizeCalculation: countBytes,
    ttl: keptMs,
    ttlAutopurge: true,
    updateAgeOnGet: true,
  })
}

function countBytes({ messages, compaction }: KeptHistory): number {
  const factBytes = compaction === undefined ? 0 : JSON.stringify(compaction).length
  return messages.reduce((sum, { sizeBytes }) => sum + sizeBytes + messageOverheadBytes, factBytes + 1)
}
