import type { ConversationId } from './ids.ts'

/** What is remembered of one conversation. Times are ISO 8601. */
export type MemoryEntry = {
  conversationId: ConversationId
  title: string
  text: string
  updatedAt: string
  /** The owner's own words: the helper model does not write over them. */
  edited: boolean
}

/** What an owner's conversations know of each other. */
export type Memory = {
  /** New conversations take part in memory unless they say otherwise. */
  enabled: boolean
  entries: MemoryEntry[]
}

/** An entry as another conversation is told of it. */
export type ToldEntry = Pick<MemoryEntry, 'title' | 'text' | 'updatedAt'>

/** Part of a message of another conversation. */
export type MemoryHit = {
  conversationId: ConversationId
  title: string
  role: 'user' | 'assistant'
  at: string
  text: string
}
