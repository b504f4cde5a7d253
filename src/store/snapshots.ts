import type { Snapshot } from '../contracts/event.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { CallProgress, ToolStatus } from '../contracts/tool-call.ts'
import { type ClearingRow, type CompactionRow, placeContextChanges } from './context-changes.ts'
import { conversationColumns, type ConversationRow, toConversation } from './conversation-row.ts'
import type { Database } from './database.ts'
import { noConversation } from './no-conversation.ts'
import { requestColumns, type RequestRow, toHumanRequest } from './request-row.ts'
import { type PlacedRow, rowsOfPage, toMessagePage } from './message-pages.ts'
import { messageColumns } from './message-row.ts'

type CallRow = {
  id: string
  name: string
  status: ToolStatus | null
  steps: string[] | null
  done: number[] | null
  /** An open request is about it. */
  waits: boolean
  background: boolean
}

type SnapshotRow = {
  conversation: Omit<ConversationRow, 'created_at' | 'updated_at' | 'turn_started_at'> & {
    created_at: string
    updated_at: string
    turn_started_at: string | null
    turn_model: string | null
  }
  /** Latest first. */
  messages: PlacedRow[] | null
  queue: { id: string; text: string }[] | null
  calls: CallRow[] | null
  requests: RequestRow[] | null
  compactions: CompactionRow[] | null
  clearings: ClearingRow[] | null
}

const shownMessages = 200

/**
 * Reads everything a screen starts from, as of one moment: a single statement sees one state.
 * @throws AppError `not_found`
 */
export async function getSnapshot(database: Database, owner: OwnerId, id: ConversationId): Promise<Snapshot> {
  const [row] = await database.rows<SnapshotRow>(
    'get_snapshot',
    `with page as (
       select ${messageColumns}, position from messages
         where conversation_id = $1 and superseded_by is null and state not in ('received', 'queued')
         order by position desc limit ${rowsOfPage(shownMessages)}
     )
     select
       (select row_to_json(c) from (select ${conversationColumns}, turn_settings ->> 'model' as turn_model
          from conversations
          where id = $1 and owner_id = $2) c) as conversation,
       (select json_agg(m order by m.position desc) from page m) as messages,
       (select json_agg(w order by w.busy_policy <> 'interrupt', w.position) from (
          select id, text, busy_policy, position from messages
            where conversation_id = $1 and state = 'queued' and role = 'user') w) as queue,
       (select json_agg(k order by length(k.id), k.id) from (
          select t.id, t.name, t.status, t.background is not null as background,
              case when t.background is null then e.body -> 'steps' else
                (select json_agg(s -> 'name') from json_array_elements(t.background -> 'steps') s) end as steps,
              (select json_agg(s.step_index order by s.step_index) from tool_steps s where s.call_id = t.id) as done,
              exists (select 1 from requests r where r.conversation_id = c.id and r.outcome is null
                and t.id = any (r.call_ids)) as waits
            from conversations c
            join tool_calls t on t.conversation_id = c.id
              and (t.turn_id = c.turn_id or t.background is not null and t.status is null)
            left join events e on e.conversation_id = c.id and e.key = t.id || ':started'
            where c.id = $1) k) as calls,
       (select json_agg(q order by q.opened_at, q.id) from (select ${requestColumns} from requests r
          where r.conversation_id = $1 and r.outcome is null) q) as requests,
       (select json_agg(k order by k.upto_position) from (
          select c.id, compaction_turn(c.id) as turn_id, upto_position, summary, facts, tokens_before, tokens_after,
              created_at,
              exists (select 1 from messages a where a.id = c.id and a.superseded_by is null) as answered,
              (select row_to_json(n) from (select id, turn_id from messages
                 where conversation_id = $1 and position > c.upto_position and state = 'done'
                   and superseded_by is null
                 order by position limit 1) n) as next
            from compactions c
            where conversation_id = $1 and coalesce(turn_number(compaction_turn(c.id))
              >= (select min(turn_number(turn_id)) from page), true)) k) as compactions,
       (select json_agg(l order by l.position) from clearings l
          where l.conversation_id = $1 and not is_clearing_gone(l)
            and l.position >= (select min(position) from page)) as clearings`,
    [id, owner],
  )
  if (!row?.conversation) throw noConversation(id)
  return toSnapshot(row)
}

function toSnapshot(read: SnapshotRow): Snapshot {
  const { conversation: row, messages, queue, calls, requests } = read
  const conversation = toConversation({
    ...row,
    created_at: new Date(row.created_at),
    updated_at: new Date(row.updated_at),
    turn_started_at: null,
  })
  const page = toMessagePage(messages ?? [], shownMessages)
  return {
    conversation,
    ...page,
    contextChanges: placeContextChanges(
      { compactions: read.compactions ?? [], clearings: read.clearings ?? [] },
      (messages ?? []).slice(0, page.messages.length).toReversed(),
      page.olderMessages === undefined,
    ),
    openRequests: (requests ?? []).map(toHumanRequest),
    queue: (queue ?? []).map(({ id, text }, position) => ({ messageId: id, text, position })),
    ...(row.turn_id === null
      ? {}
      : {
          turn: {
            turnId: row.turn_id,
            round: row.turn_round ?? 0,
            startedAt: new Date(row.turn_started_at ?? row.updated_at).toISOString(),
            ...(row.turn_model === null ? {} : { model: row.turn_model }),
          },
        }),
    calls: (calls ?? []).map(toCallProgress),
    lastSeq: conversation.lastSeq,
  }
}

/** Progress of one call as the log knows it. */
function toCallProgress({ id, name, status, steps, done, waits, background }: CallRow): CallProgress {
  const names = steps ?? []
  const finished = new Set(done ?? [])
  const current = names.findIndex((_, index) => !finished.has(index))
  return {
    callId: id,
    name,
    status: status ?? (waits ? 'waiting' : 'running'),
    ...(names.length === 0
      ? {}
      : { stepIndex: current === -1 ? names.length - 1 : current, stepCount: names.length }),
    steps: names.map((step, index) => ({
      name: step,
      status: finished.has(index)
        ? 'ok'
        : index !== current
          ? 'pending'
          : status === null
            ? 'running'
            : status === 'cancelled'
              ? 'cancelled'
              : 'error',
    })),
    ...(background ? { background } : {}),
  }
}
