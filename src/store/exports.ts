import type { VerbatimFact } from '../contracts/context.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { ToolError, ToolStatus } from '../contracts/tool-call.ts'
import type { ConversationExport, ExportedMessage } from '../schemas/conversation-export.ts'
import { conversationColumns, type ConversationRow, toConversation } from './conversation-row.ts'
import type { Database } from './database.ts'
import { messageColumns, type MessageRow, toMessage } from './message-row.ts'
import { noConversation } from './no-conversation.ts'

/** Everything of an export but its messages; they are read up to `uptoPosition`. */
export type ExportHead = Pick<ConversationExport, 'conversation' | 'compactions' | 'clearedUpTo'> & {
  uptoPosition: number
}

type HeadRow = ConversationRow & {
  upto: number
  cleared_up_to: string | null
  compactions: CompactionRow[] | null
}
type CompactionRow = {
  id: string
  created_at: string
  upto: string
  asked: boolean
  summary: string | null
  facts: VerbatimFact[]
  facts_left_out: number
  tokens_before: number
  tokens_after: number
}

/** The last exported message at or before a place. */
const messageAt = (place: string) =>
  `(select m.id from messages m where m.conversation_id = c.id and m.position <= ${place}
      and m.state in ('done', 'withdrawn', 'refused') order by m.position desc limit 1)`

/**
 * Reads what an export begins and ends with. The running turn and what comes after it are left out, so nothing
 * that is exported changes any more while it is read.
 * @throws AppError `not_found`
 */
export async function readExportHead(
  database: Database,
  owner: OwnerId,
  id: ConversationId,
): Promise<ExportHead> {
  const [row] = await database.rows<HeadRow>(
    'read_export_head',
    `select ${conversationColumns}, c.upto,
         case when c.cleared_position between 1 and c.upto then ${messageAt('c.cleared_position')} end as cleared_up_to,
         (select json_agg(k order by k.upto_position) from (
           select s.*, ${messageAt('s.upto_position')} as upto from compactions s
             where s.conversation_id = c.id and s.upto_position <= c.upto) k where k.upto is not null) as compactions
       from (select *, coalesce(
           (select min(m.position) - 1 from messages m where m.conversation_id = t.id and m.turn_id = t.turn_id),
           (select max(m.position) from messages m where m.conversation_id = t.id
             and m.state in ('done', 'withdrawn', 'refused')), 0) as upto
         from conversations t where id = $1 and owner_id = $2) c`,
    [id, owner],
  )
  if (row === undefined) throw noConversation(id)
  const { createdAt, title, model, modelSettings, busyPolicy, permissions, history, memory, ...rest } =
    toConversation(row)
  const { fallbackModels, instructions, tools, chainId } = rest
  return {
    uptoPosition: row.upto,
    conversation: {
      id,
      createdAt,
      title,
      model,
      modelSettings,
      ...(fallbackModels === undefined ? {} : { fallbackModels }),
      ...(instructions === undefined ? {} : { instructions }),
      ...(tools === undefined ? {} : { tools }),
      ...(chainId === undefined ? {} : { chainId }),
      busyPolicy,
      permissions,
      history,
      memory,
    },
    compactions: (row.compactions ?? []).map(toCompaction),
    ...(row.cleared_up_to === null ? {} : { clearedUpTo: row.cleared_up_to }),
  }
}

function toCompaction(row: CompactionRow): ConversationExport['compactions'][number] {
  return {
    id: row.id,
    createdAt: new Date(row.created_at).toISOString(),
    uptoMessageId: row.upto,
    asked: row.asked,
    ...(row.summary === null ? {} : { summary: row.summary }),
    facts: row.facts,
    factsLeftOut: row.facts_left_out,
    tokensBefore: row.tokens_before,
    tokensAfter: row.tokens_after,
  }
}

/** A message on its way into a file; the output of one with `hasLargeOutput` is read by itself. */
export type ExportRow = { message: ExportedMessage; hasLargeOutput: boolean }

type StoredRow = MessageRow & {
  position: number
  superseder: string | null
  parent: string | null
  status: ToolStatus | null
  output: unknown
  error: ToolError | null
  /** Of a background call whose result is told after the export ends: what it says instead. */
  left_behind: ToolError | null
  has_large_output: boolean
}

const pageSize = 50
/** Beyond this, in the database's own compressed form, an output is not read with its page. */
const inlineOutputBytes = 64 * 1024

/** Reads the messages of an export in order, a page at a time, without those of other branches if wanted. */
export async function* readExportedMessages(
  database: Database,
  { conversation, uptoPosition }: Pick<ExportHead, 'conversation' | 'uptoPosition'>,
  { presentOnly = false }: { presentOnly?: boolean } = {},
): AsyncGenerator<ExportRow> {
  for (let after = 0; ;) {
    const rows = await database.rows<StoredRow>(
      'read_exported',
      `select ${qualified(messageColumns)}, m.position, s.id as superseder, p.id as parent, t.status, t.error,
           case when t.background is not null and not is_told(t.id, $3) then left_behind_error() end as left_behind,
           case when pg_column_size(t.output) <= ${inlineOutputBytes} then t.output end as output,
           coalesce(pg_column_size(t.output) > ${inlineOutputBytes}, false)
             or r.call_id is not null as has_large_output
         from messages m
         left join messages s on s.id = m.superseded_by and s.position <= $3
         left join messages p on p.id = m.parent_id
         left join tool_calls t on t.id = m.call_id
         left join large_results r on r.call_id = t.id and r.total_chars is not null and r.removed_at is null
         where m.conversation_id = $1 and m.position > $2 and m.position <= $3
           and m.state in ('done', 'withdrawn', 'refused') and (not $4 or s.id is null)
         order by m.position limit ${pageSize}`,
      [conversation.id, after, uptoPosition, presentOnly],
    )
    yield* rows.map(toExportRow)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = last.position
  }
}

function qualified(columns: string): string {
  return columns
    .split(', ')
    .map((column) => `m.${column}`)
    .join(', ')
}

function toExportRow(stored: StoredRow): ExportRow {
  const row = stored.left_behind === null ? stored : leftBehind(stored, stored.left_behind)
  const { id, role, state, createdAt, turnId, text, model, callId } = toMessage(row)
  if (state === 'received' || state === 'queued') throw new Error(`Message ${id} has not begun.`)
  return {
    hasLargeOutput: row.has_large_output,
    message: {
      id,
      role,
      state,
      createdAt,
      ...(turnId === undefined ? {} : { turnId }),
      ...(text === undefined ? {} : { text }),
      ...(model === undefined ? {} : { model }),
      ...(row.parent === null ? {} : { parentId: row.parent }),
      ...(row.superseder === null ? {} : { supersededBy: row.superseder }),
      ...(row.tool_calls === null
        ? {}
        : {
            toolCalls: row.tool_calls.map((call) => ({
              callId: call.callId,
              providerCallId: call.providerCallId,
              name: call.name,
              arguments: call.arguments,
            })),
          }),
      ...(callId === undefined ? {} : { callId }),
      // Last, so that a large output can be written behind it.
      ...(row.status === null
        ? {}
        : {
            result: {
              status: row.status,
              ...(row.error === null ? {} : { error: row.error }),
              ...(row.output === null ? {} : { output: row.output }),
            },
          }),
    },
  }
}

/** Nobody would ever be told how the call has ended. */
function leftBehind(row: StoredRow, error: ToolError): StoredRow {
  const text = JSON.stringify({ error })
  return { ...row, text, status: 'cancelled', error, output: null, has_large_output: false }
}
