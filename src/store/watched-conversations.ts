import type { WatchedConversation, WatchedPage, WatchedState } from '../contracts/watched-conversation.ts'
import type { Database } from './database.ts'
import { fromPageCursor, toPageCursor } from './page-cursor.ts'

type WatchedRow = Omit<WatchedConversation, 'since' | 'waitsFor'> & {
  since: Date
  place: string
  waitsFor: WatchedConversation['waitsFor'] | null
}

const pageSize = 50

/**
 * Which conversations wait, or are stalled, and since when. Few of all: those that wait are found by their open
 * requests, and those that are stalled by an index.
 */
const found: Record<WatchedState, string> = {
  waiting: `select id, coalesce(waiting_since, updated_at) as since from conversations
    where state = 'waiting' and id in (select conversation_id from requests where outcome is null)`,
  stalled: `select c.id, coalesce((select max(e.ts) from events e where e.conversation_id = c.id
      and e.type = 'notice' and e.body ->> 'code' = 'stalled'), c.updated_at) as since
    from conversations c where c.stalled`,
}

/** Lists conversations of all owners for an operator, the one that has stood longest first, a page at a time. */
export async function listWatchedConversations(
  database: Database,
  { state, cursor }: { state: WatchedState; cursor?: string | undefined },
): Promise<WatchedPage> {
  const after = cursor === undefined ? undefined : fromPageCursor(cursor)
  const rows = await database.rows<WatchedRow>(
    `list_${state}_conversations`,
    `with found as (${found[state]}), page as (
         select id, since from found where $1::timestamptz is null or (since, id) > ($1, $2)
           order by since, id limit ${pageSize + 1})
       select c.id, c.owner_id as owner, c.state, c.stalled, p.since, p.since::text as place,
           (select count(*) from messages m where m.conversation_id = c.id and m.state = 'queued') as queued,
           (select json_agg(json_build_object('requestId', r.id, 'kind', r.kind,
                'tools', array(select t.name from tool_calls t where t.id = any (r.call_ids) order by t.id),
                'expiresAt', to_char(r.expires_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
              order by r.opened_at, r.id)
            from requests r where r.conversation_id = c.id and r.outcome is null) as "waitsFor"
         from page p join conversations c on c.id = p.id order by p.since, p.id`,
    [after?.place ?? null, after?.id ?? null],
  )
  const last = rows.slice(0, pageSize).at(-1)
  return {
    conversations: rows.slice(0, pageSize).map(toWatched),
    nextCursor: rows.length > pageSize && last !== undefined ? toPageCursor(last) : null,
  }
}

function toWatched({ place: _place, since, waitsFor, ...row }: WatchedRow): WatchedConversation {
  return { ...row, since: since.toISOString(), waitsFor: waitsFor ?? [] }
}
