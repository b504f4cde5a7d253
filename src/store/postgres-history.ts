import type { Database } from './database.ts'
import type { HistoryBackend, HistoryMessage, HistoryRequest } from './history-backend.ts'
import { keepCallsTogether } from './keep-calls-together.ts'
import { messageColumns, type MessageRow, toMessage } from './message-row.ts'
import { storableJson, storableText } from './storable-text.ts'

/** The history in the message rows themselves. */
export function createPostgresHistory(database: Database): HistoryBackend {
  return {
    sharesRows: true,

    async load(request) {
      const rows = await database.rows<MessageRow>(
        'load_history',
        `select ${messageColumns} from messages
           where conversation_id = $1 and state = 'done' and (turn_id = $2 or $3 = 'full'
             or $3 = 'slidingWindow' and position >= coalesce((
               select position from messages
                 where conversation_id = $1 and state = 'done' and role = 'user'
                 order by position desc offset $4 limit 1), 0))
           order by position`,
        [request.conversationId, request.turnId, request.strategy.kind, newerUsers(request)],
      )
      return keepCallsTogether(rows.map(toHistoryMessage))
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

/** How many of the window's user messages are newer than its first one. */
function newerUsers({ strategy }: HistoryRequest): number {
  return strategy.kind === 'slidingWindow' ? strategy.window - 1 : 0
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
