import { AppError } from '../contracts/errors.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { MemoryEntry, MemoryHit, ToldEntry } from '../contracts/memory.ts'
import type { Database } from './database.ts'
import { storableText } from './storable-text.ts'

/** Whether new conversations of an owner take part in memory. */
export async function isMemoryEnabled(database: Database, owner: OwnerId): Promise<boolean> {
  const [row] = await database.rows<{ memory: boolean }>(
    'is_memory_enabled',
    'select memory from owners where id = $1',
    [owner],
  )
  return row?.memory ?? false
}

export async function setMemoryEnabled(database: Database, owner: OwnerId, enabled: boolean): Promise<void> {
  await database.rows('set_memory_enabled', 'update owners set memory = $2 where id = $1', [owner, enabled])
}

type EntryRow = {
  conversation_id: ConversationId
  title: string
  text: string
  updated_at: Date
  edited: boolean
}

/** What is remembered of an owner's conversations, the newest first. */
export async function listMemory(database: Database, owner: OwnerId): Promise<MemoryEntry[]> {
  const rows = await database.rows<EntryRow>(
    'list_memory',
    `select e.conversation_id, c.title, e.text, e.updated_at, e.edited
       from memory_entries e join conversations c on c.id = e.conversation_id
       where e.owner_id = $1 and e.text is not null order by e.updated_at desc, e.conversation_id limit 1000`,
    [owner],
  )
  return rows.map(({ conversation_id, title, text, updated_at, edited }) => ({
    conversationId: conversation_id,
    title,
    text,
    updatedAt: updated_at.toISOString(),
    edited,
  }))
}

/**
 * Writes what is remembered of a conversation in its owner's words, which stay: also where it was told already, and
 * where the entry had been deleted. @throws AppError `not_found`
 */
export async function editMemory(
  database: Database,
  { owner, conversationId, text }: { owner: OwnerId; conversationId: ConversationId; text: string },
): Promise<void> {
  const found = await database.call<boolean>('edit_memory', [owner, conversationId, storableText(text)])
  if (!found) throw noSuchEntry(conversationId)
}

/**
 * Forgets a conversation: its entry is deleted, is told nowhere any more and does not come back by itself, and its
 * messages are not found by `searchMemory`. Repeating it changes nothing. @throws AppError `not_found`
 */
export async function deleteMemory(
  database: Database,
  { owner, conversationId }: { owner: OwnerId; conversationId: ConversationId },
): Promise<void> {
  if (!(await database.call<boolean>('delete_memory', [owner, conversationId])))
    throw noSuchEntry(conversationId)
}

/** Forgets all conversations that the owner has now, in the same way. */
export async function deleteAllMemory(database: Database, owner: OwnerId): Promise<void> {
  await database.call('delete_all_memory', [owner])
}

/**
 * What a conversation is told of the owner's others: chosen at the first call, at most `maxChars` characters. Null for
 * one that takes no part in memory.
 */
export function tellMemory(
  database: Database,
  conversationId: ConversationId,
  maxChars: number,
): Promise<ToldEntry[] | null> {
  return database.call('tell_memory', [conversationId, maxChars])
}

/** Finds messages of the owner's other conversations that take part in memory, the best first. */
export function searchMemory(
  database: Database,
  { owner, conversationId, query, limit }: MemorySearch,
): Promise<MemoryHit[]> {
  return database.call('search_memory', [owner, conversationId, storableText(query), limit])
}

export type MemorySearch = { owner: OwnerId; conversationId: ConversationId; query: string; limit: number }

function noSuchEntry(id: ConversationId): AppError {
  return new AppError(
    'not_found',
    `Nothing is remembered of conversation ${id}: it is not yours, or its memory is off. See GET /api/memory.`,
  )
}
