import type { Snapshot } from '../contracts/event.ts'
import { AppError } from '../contracts/errors.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { CallProgress, ToolStatus } from '../contracts/tool-call.ts'
import { conversationColumns, type ConversationRow, toConversation } from './conversation-row.ts'
import type { Database } from './database.ts'
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
  }
  /** Latest first. */
  messages: PlacedRow[] | null
  queue: { id: string; text: string }[] | null
  calls: CallRow[] | null
  requests: RequestRow[] | null
}

const shownMessages = 200

/**
 * Reads everything a screen starts from, as of one moment: a single statement sees one state.
 * @throws AppError `not_found`
 */
export async function getSnapshot(database: Database, owner: OwnerId, id: ConversationId): Promise<Snapshot> {
  const [row] = await database.rows<SnapshotRow>(
    'get_snapshot',
    `select
       (select row_to_json(c) from (select ${conversationColumns} from conversations
          where id = $1 and owner_id = $2) c) as conversation,
       (select json_agg(m order by m.position desc) from (
          select ${messageColumns}, position from messages
            where conversation_id = $1 and superseded_by is null and state not in ('received', 'queued')
            order by position desc limit ${rowsOfPage(shownMessages)}) m) as messages,
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
          where r.conversation_id = $1 and r.outcome is null) q) as requests`,
    [id, owner],
  )
  if (!row?.conversation) throw new AppError('not_found', `There is no conversation ${id}.`)
  return toSnapshot(row)
}

function toSnapshot({ conversation: row, messages, queue, calls, requests }: SnapshotRow): Snapshot {
  const conversation = toConversation({
    ...row,
    created_at: new Date(row.created_at),
    updated_at: new Date(row.updated_at),
    turn_started_at: null,
  })
  return {
    conversation,
    ...toMessagePage(messages ?? [], shownMessages),
    openRequests: (requests ?? []).map(toHumanRequest),
    queue: (queue ?? []).map(({ id, text }, position) => ({ messageId: id, text, position })),
    ...(row.turn_id === null
      ? {}
      : {
          turn: {
            turnId: row.turn_id,
            round: row.turn_round ?? 0,
            startedAt: new Date(row.turn_started_at ?? row.updated_at).toISOString(),
          },
        }),
    calls: (calls ?? []).map(toCallProgress),
    lastSeq: conversation.lastSeq,
  }
}

/** Progress of one call as the log knows it. */
export function toCallProgress({ id, name, status, steps, done, waits, background }: CallRow): CallProgress {
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
