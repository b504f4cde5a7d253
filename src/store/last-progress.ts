import type { CallId, ConversationId } from '../contracts/ids.ts'
import type { Database } from './database.ts'

export type LastProgress = { fraction?: number; message?: string }

/** The latest `tool.progress` of each call. */
export async function listLastProgress(
  database: Database,
  conversationId: ConversationId,
  callIds: readonly CallId[],
): Promise<Map<CallId, LastProgress>> {
  if (callIds.length === 0) return new Map()
  const rows = await database.rows<{ body: LastProgress & { callId: CallId } }>(
    'list_last_progress',
    `select distinct on (body ->> 'callId') body from events
       where conversation_id = $1 and type = 'tool.progress' and body ->> 'callId' = any ($2)
       order by body ->> 'callId', seq desc`,
    [conversationId, callIds],
  )
  return new Map(
    rows.map(({ body: { callId, fraction, message } }) => [
      callId,
      { ...(fraction === undefined ? {} : { fraction }), ...(message === undefined ? {} : { message }) },
    ]),
  )
}
