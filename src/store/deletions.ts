import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import { noConversation } from './no-conversation.ts'

/**
 * Removes a conversation with everything it holds. Its workflow is still to be removed; until `noteCleaned` says
 * that this is done, a repeat succeeds.
 * @throws AppError `not_found`
 */
export async function deleteConversation(
  database: Database,
  owner: OwnerId,
  id: ConversationId,
): Promise<void> {
  const outcome = await database.call<'deleted' | 'missing'>('delete_conversation', [id, owner])
  if (outcome === 'missing') {
    throw noConversation(id)
  }
}

/** Notes that the workflow of a deleted conversation is gone as well, as far as can be seen. */
export async function noteCleaned(database: Database, id: ConversationId): Promise<void> {
  await database.rows('note_cleaned', 'update deleted_conversations set cleaned = true where id = $1', [id])
}

/** Lists conversations that were deleted so long ago, the oldest first. */
export async function listDeletions(
  database: Database,
  { ageMs, limit }: { ageMs: number; limit: number },
): Promise<ConversationId[]> {
  const rows = await database.rows<{ id: ConversationId }>(
    'list_deletions',
    `select id from deleted_conversations
       where deleted_at < now() - make_interval(secs => $1 / 1000.0) order by deleted_at limit $2`,
    [ageMs, limit],
  )
  return rows.map(({ id }) => id)
}

/** Forgets a deletion of which nothing is left to do. */
export async function forgetDeletion(database: Database, id: ConversationId): Promise<void> {
  await database.rows('forget_deletion', 'delete from deleted_conversations where id = $1', [id])
}
