import type { Message } from '../contracts/conversation.ts'
import { AppError } from '../contracts/errors.ts'
import type { ConversationId, MessageId, OwnerId } from '../contracts/ids.ts'
import { toolCallLimit } from '../contracts/limits.ts'
import type { Database } from './database.ts'
import { messageColumns, type MessageRow, toMessage } from './message-row.ts'
import { noConversation } from './no-conversation.ts'

/** Oldest first. `olderMessages` is the cursor of those before; absent: there are none. */
export type MessagePage = { messages: Message[]; olderMessages?: string }

export type MessageQuery = {
  /** Cursor of a page or a snapshot; absent: the latest ones. */
  before?: number
  limit: number
  /** A message that was replaced: its branch as it was then; absent: the present one. */
  branch?: MessageId
  /** Those of all branches, in the order in which they came. */
  superseded: boolean
}

/** A row with its place; times are texts where rows come as JSON. */
export type PlacedRow = Omit<MessageRow, 'created_at'> & { created_at: Date | string; position: number }

/** How many rows a page of so many messages needs: a call is on the page of its results, and one row tells of more. */
export function rowsOfPage(limit: number): number {
  return limit + toolCallLimit + 1
}

/** Makes a page of rows that come latest first. It never begins between a call and its results. */
export function toMessagePage(rows: readonly PlacedRow[], limit: number): MessagePage {
  let count = Math.min(limit, rows.length)
  while (count < rows.length && rows[count - 1]?.role === 'tool') count += 1
  const page = rows.slice(0, count)
  // One reply may have asked for more than a page was read for.
  const hasOlder = count < rows.length || rows.length >= rowsOfPage(limit)
  const oldest = page.at(-1)
  return {
    messages: page.map((row) => toMessage({ ...row, created_at: new Date(row.created_at) })).toReversed(),
    ...(hasOlder && oldest !== undefined ? { olderMessages: String(oldest.position) } : {}),
  }
}

/**
 * Lists messages that have begun, the latest page first.
 * @throws AppError `not_found` for the conversation or the branch
 */
export async function listMessages(
  database: Database,
  { owner, conversationId }: { owner: OwnerId; conversationId: ConversationId },
  query: MessageQuery,
): Promise<MessagePage> {
  const [found] = await database.rows<{ branch_end: number | null }>(
    'find_branch',
    `select case when $3::text is null then 9007199254740991 else
         (select branch_end(m) from messages m where m.id = $3 and m.conversation_id = c.id) end as branch_end
       from conversations c where c.id = $1 and c.owner_id = $2`,
    [conversationId, owner, query.branch ?? null],
  )
  if (found === undefined) throw noConversation(conversationId)
  if (found.branch_end === null) {
    throw new AppError('not_found', `There is no message ${query.branch} in this conversation.`)
  }
  const rows = await database.rows<PlacedRow>(
    'list_messages',
    `select ${messageColumns}, position from messages m
       where conversation_id = $1 and state not in ('received', 'queued') and position < $2
         and ($3 or is_in_branch(m, $4))
       order by position desc limit $5`,
    [
      conversationId,
      query.before === undefined ? found.branch_end : query.before,
      query.superseded,
      found.branch_end,
      rowsOfPage(query.limit),
    ],
  )
  return toMessagePage(rows, query.limit)
}
