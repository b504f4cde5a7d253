import type { ConversationHit } from '../contracts/conversation.ts'
import type { ConversationId, MessageId, OwnerId } from '../contracts/ids.ts'
import { conversationColumns, type ConversationRow, toConversation } from './conversation-row.ts'
import { fromPageCursor, toPageCursor } from './page-cursor.ts'
import type { Database } from './database.ts'
import { storableText } from './storable-text.ts'

export type ConversationSearch = { owner: OwnerId; query: string; cursor?: string; archived: boolean }

type FoundPlace = { id: ConversationId; place: string; messageId: MessageId | null; snippet: string | null }

const pageSize = 50

/**
 * Finds an owner's conversations that have all the words in the title or in one message, the latest first, a page at
 * a time. The last word may be unfinished; a text without words is looked for in titles only.
 */
export async function searchConversations(
  database: Database,
  { owner, query, cursor, archived }: ConversationSearch,
): Promise<{ conversations: ConversationHit[]; nextCursor: string | null }> {
  const after = cursor === undefined ? undefined : fromPageCursor(cursor)
  const found = await database.call<FoundPlace[]>('search_conversations', [
    owner,
    storableText(query),
    archived,
    after?.place ?? null,
    after?.id ?? null,
    pageSize + 1,
  ])
  const page = found.slice(0, pageSize)
  const rows = await database.rows<ConversationRow>(
    'get_conversations',
    `select ${conversationColumns} from conversations where id = any ($1) and owner_id = $2`,
    [page.map(({ id }) => id), owner],
  )
  const byId = new Map(rows.map((row) => [row.id, toConversation(row)]))
  const last = page.at(-1)
  return {
    conversations: page.flatMap(({ id, messageId, snippet }) => {
      const conversation = byId.get(id)
      if (conversation === undefined) return []
      return messageId === null || snippet === null
        ? [conversation]
        : [{ ...conversation, match: { messageId, snippet } }]
    }),
    nextCursor: found.length > pageSize && last !== undefined ? toPageCursor(last) : null,
  }
}
