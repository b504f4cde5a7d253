import type { VerbatimFact } from '../contracts/context.ts'
import type { HistoryStrategy } from '../contracts/conversation.ts'
import type { Database } from './database.ts'
import type {
  Compaction,
  HistoryBackend,
  HistoryMessage,
  HistoryRequest,
  LoadedHistory,
} from './history-backend.ts'
import { keepCallsTogether } from './keep-calls-together.ts'
import { createKeptHistories, type KeptHistory, type KeptMessage } from './kept-histories.ts'
import { messageColumns, type MessageRow, toMessage } from './message-row.ts'
import { storableJson, storableText } from './storable-text.ts'

/** The history in the message rows themselves. Keeps what it has loaded, and then asks for what has come since. */
export function createPostgresHistory(database: Database): HistoryBackend {
  const histories = createKeptHistories()

  async function load(request: HistoryRequest): Promise<LoadedHistory> {
    const { conversationId, strategy } = request
    const kept = isKept(strategy) ? histories.get(conversationId) : undefined
    const { bounds, messages } = await readHistory(database, request, kept)
    const isSame = kept !== undefined && bounds.version === kept.version
    const loaded: LoadedMessages = {
      messages: isSame ? [...kept.messages, ...messages] : messages,
      compaction: isSame ? kept.compaction : toCompaction(bounds.compaction),
      complete: bounds.complete,
    }
    if (isSame && countOlderBytes(loaded.messages, request) > request.maxBytes) {
      histories.delete(conversationId)
      return load(request)
    }
    const toKeep = isKept(strategy) ? toKeptHistory(loaded, bounds) : undefined
    if (toKeep !== undefined) histories.set(conversationId, toKeep)
    else if (kept !== undefined) histories.delete(conversationId)
    return toLoadedHistory(loaded)
  }

  return {
    sharesRows: true,
    load,

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

type Bounds = {
  complete: boolean
  compaction: { summary: string | null; facts: VerbatimFact[]; leftOut: number } | null
  version: string | null
  lowest: number
}

type LoadedRow = (MessageRow | { [Column in keyof MessageRow]: null }) & {
  bounds: Bounds | null
  position: number
  size_bytes: number
}

/** What stands behind what is kept, or everything when that is no longer so. */
async function readHistory(
  database: Database,
  { conversationId, turnId, messageIds, strategy, maxBytes }: HistoryRequest,
  kept: KeptHistory | undefined,
): Promise<{ bounds: Bounds; messages: KeptMessage[] }> {
  const rows = await database.rows<LoadedRow>(
    'load_history',
    // The row of the bounds stands alone when there is no message; they come with the first row only.
    `select ${messageColumns}, m.position,
         coalesce(octet_length(m.text), 0) + coalesce(octet_length(m.tool_calls::text), 0) as size_bytes,
         case when row_number() over (order by m.position) = 1 then row_to_json(b) end as bounds
       from history_news($1, $2, $3, $4, $5, $6, $7, $8) b
       left join messages m
         on m.conversation_id = $1 and m.position >= b.first and m.state = 'done' and m.superseded_by is null
           and (m.text is not null or m.role in ('assistant', 'tool'))
           and not exists (select 1 from forgettings f where f.id = m.turn_id)
       order by m.position`,
    [
      conversationId,
      turnId,
      messageIds,
      strategy.kind,
      strategy.kind === 'slidingWindow' ? strategy.window : null,
      maxBytes,
      kept?.version ?? null,
      kept?.upto ?? null,
    ],
  )
  const bounds = rows[0]?.bounds
  if (bounds === null || bounds === undefined) throw new Error('history_news has told no bounds.')
  const messages = rows.flatMap((row) =>
    row.id === null
      ? []
      : [{ message: toHistoryMessage(row), position: row.position, sizeBytes: row.size_bytes }],
  )
  return { bounds, messages }
}

/** Of the others it is little that is loaded, and another part each time. */
function isKept({ kind }: HistoryStrategy): boolean {
  return kind === 'summary' || kind === 'full'
}

/** As `history_bounds` counts them. */
function countOlderBytes(messages: readonly KeptMessage[], { turnId, messageIds }: HistoryRequest): number {
  const ids = new Set(messageIds)
  let start = messages.findIndex(({ message }) => ids.has(message.id))
  if (start < 0) start = messages.findIndex(({ message }) => message.turnId === turnId)
  const older = start < 0 ? messages : messages.slice(0, start)
  return older.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

type LoadedMessages = {
  messages: readonly KeptMessage[]
  compaction: Compaction | undefined
  complete: boolean
}

/** Undefined when it is not all that the strategy admits, or more. */
function toKeptHistory(
  { messages, compaction, complete }: LoadedMessages,
  { version, lowest }: Bounds,
): KeptHistory | undefined {
  if (version === null || !complete || (messages[0]?.position ?? Infinity) <= lowest) return undefined
  return { version, messages, compaction, upto: messages.at(-1)?.position ?? lowest }
}

function toLoadedHistory({ messages, compaction, complete }: LoadedMessages): LoadedHistory {
  return {
    messages: keepCallsTogether(messages.map(({ message }) => message)),
    ...(compaction === undefined ? {} : { compaction }),
    complete,
  }
}

function toCompaction(compaction: Bounds['compaction']): Compaction | undefined {
  if (compaction === null) return undefined
  const { leftOut, ...told } = compaction
  return { ...told, factsLeftOut: leftOut }
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
