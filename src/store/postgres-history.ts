import type { VerbatimFact } from '../contracts/context.ts'
import type { Database } from './database.ts'
import type { Compaction, HistoryBackend, HistoryMessage, LoadedHistory } from './history-backend.ts'
import { keepCallsTogether } from './keep-calls-together.ts'
import { messageColumns, type MessageRow, toMessage } from './message-row.ts'
import { storableJson, storableText } from './storable-text.ts'

/** The history in the message rows themselves. */
export function createPostgresHistory(database: Database): HistoryBackend {
  return {
    sharesRows: true,

    async load(request) {
      const rows = await database.rows<LoadedRow>(
        'load_history',
        // The row of the bounds stands alone when there is no message. The compaction comes with the first row only.
        `select ${messageColumns}, b.complete,
             case when row_number() over (order by m.position) = 1 then b.compaction end as compaction
           from history_bounds($1, $2, $3, $4, $5, $6) b
           left join messages m
             on m.conversation_id = $1 and m.position >= b.first and m.state = 'done' and m.superseded_by is null
               and (m.text is not null or m.role in ('assistant', 'tool'))
               and not exists (select 1 from forgettings f where f.id = m.turn_id)
           order by m.position`,
        [
          request.conversationId,
          request.turnId,
          request.messageIds,
          request.strategy.kind,
          request.strategy.kind === 'slidingWindow' ? request.strategy.window : null,
          request.maxBytes,
        ],
      )
      return toLoadedHistory(rows)
    },

    async save(conversationId, messages) {
      if (messages.length === 0) return
      await database.rows(
        'save_history',
        `insert into messages (id, conversation_id, role, text, tool_calls, call_id, state, turn_id)
           select m ->> 'id', $1, m ->> 'role', m ->> 'text', m -> 'toolCalls', m ->> 'callId', 'done',
             m ->> 'turnId'
           from json_array_elements($2) with ordinality as given (m, place) order by place
           on conflict (id) do nothing`,
        [conversationId, storableJson(messages.map(toSaved))],
      )
    },

    async flush() {
      // Every write was committed before it returned.
    },

    async list(owner) {
      const rows = await database.rows<{ id: string }>(
        'list_histories',
        `select c.id from conversations c
           where c.owner_id = $1 and exists (select 1 from messages m where m.conversation_id = c.id)
           order by c.updated_at desc, c.id`,
        [owner],
      )
      return rows.map(({ id }) => id)
    },
  }
}

type LoadedRow = (MessageRow | { [Column in keyof MessageRow]: null }) & {
  complete: boolean
  compaction: { summary: string | null; facts: VerbatimFact[]; leftOut: number } | null
}

function toLoadedHistory(rows: readonly LoadedRow[]): LoadedHistory {
  const [first] = rows
  const { compaction = null, complete = true } = first ?? {}
  return {
    messages: keepCallsTogether(rows.flatMap((row) => (row.id === null ? [] : toHistoryMessage(row)))),
    ...(compaction === null ? {} : { compaction: toCompaction(compaction) }),
    complete,
  }
}

function toCompaction({ leftOut, ...compaction }: NonNullable<LoadedRow['compaction']>): Compaction {
  return { ...compaction, factsLeftOut: leftOut }
}

function toHistoryMessage(row: MessageRow): HistoryMessage {
  const providerCallIds = Object.fromEntries(
    (row.tool_calls ?? []).map(({ callId, providerCallId }) => [callId, providerCallId]),
  )
  return row.tool_calls === null ? toMessage(row) : { ...toMessage(row), providerCallIds }
}

function toSaved({ id, role, text, toolCalls, callId, turnId, providerCallIds }: HistoryMessage): object {
  return {
    id,
    role,
    text: text === undefined ? null : storableText(text),
    toolCalls: toolCalls?.map((call) => ({
      ...call,
      providerCallId: providerCallIds?.[call.callId] ?? call.callId,
    })),
    callId,
    turnId,
  }
}
