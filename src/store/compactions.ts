import type { MessageRole } from '../contracts/conversation.ts'
import type { ConversationId, MessageId, TurnId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import type { NewEvent } from './event-log.ts'
import type { Compaction } from './history-backend.ts'
import { type LogAnswer, toEventRowsJson } from './log-answer.ts'
import type { StoredToolCall } from './message-row.ts'
import { publishNotice } from './publish-notice.ts'
import { storableJson, storableText } from './storable-text.ts'

/** A compaction with its place: it stands for the messages up to a position. */
export type PlacedCompaction = Compaction & { uptoPosition: number }

export type NewCompaction = PlacedCompaction & {
  /** Of the round before which it was made, or of the turn that was asked for it. */
  id: string
  conversationId: ConversationId
  turnId: TurnId
  asked: boolean
  tokensBefore: number
  tokensAfter: number
  events: readonly NewEvent[]
}

/** A message that may be summed up, without its content. */
export type MessageSize = {
  id: MessageId
  position: number
  role: MessageRole
  turnId: TurnId | null
  /** Of its text and its calls, in UTF-8. */
  sizeBytes: number
}

/** A message that is summed up. */
export type CompactedMessage = {
  id: MessageId
  position: number
  role: MessageRole
  text: string | null
  toolCalls: StoredToolCall[] | null
  callId: string | null
}

/** What may be summed up before a turn: what came after the latest compaction, and that one. */
export type OlderPart = { previous: PlacedCompaction | undefined; messages: MessageSize[] }

const pageSize = 100

/** Whether the compaction with this id was stored. */
export async function isCompacted(database: Database, id: string): Promise<boolean> {
  const rows = await database.rows('is_compacted', 'select 1 from compactions where id = $1', [id])
  return rows.length > 0
}

/**
 * Reads what stands before a turn, without the turns that are to be forgotten; contents are left out, because there
 * may be any amount of it.
 */
export async function readOlderPart(
  database: Database,
  conversationId: ConversationId,
  turnId: TurnId,
): Promise<OlderPart> {
  const [previous] = await database.rows<PlacedCompaction>(
    'find_latest_compaction',
    `select k.upto_position as "uptoPosition", k.summary, k.facts, k.facts_left_out as "factsLeftOut"
       from compactions k join conversations c on c.id = k.conversation_id
       where c.id = $1 and k.upto_position > c.cleared_position
       order by k.upto_position desc limit 1`,
    [conversationId],
  )
  const messages = await database.rows<MessageSize>(
    'list_compactable',
    `select m.id, m.position, m.role, m.turn_id as "turnId",
         coalesce(octet_length(m.text), 0) + coalesce(octet_length(m.tool_calls::text), 0) as "sizeBytes"
       from messages m join conversations c on c.id = m.conversation_id
       where c.id = $1 and m.state = 'done' and m.superseded_by is null and m.turn_id is distinct from $2
         and m.position > greatest(c.cleared_position, $3)
         and not exists (select 1 from forgettings f where f.id = m.turn_id)
       order by m.position`,
    [conversationId, turnId, previous?.uptoPosition ?? 0],
  )
  return { previous, messages }
}

/** Reads the messages between two places, in order, a page at a time. */
export async function* readCompacted(
  database: Database,
  conversationId: ConversationId,
  { from, to }: { from: number; to: number },
): AsyncGenerator<CompactedMessage> {
  for (let after = from - 1; ;) {
    const page = await database.rows<CompactedMessage>(
      'read_compacted',
      `select id, position, role, text, tool_calls as "toolCalls", call_id as "callId" from messages m
         where conversation_id = $1 and position > $2 and position <= $3 and state = 'done'
           and superseded_by is null and not exists (select 1 from forgettings f where f.id = m.turn_id)
         order by position limit ${pageSize}`,
      [conversationId, after, to],
    )
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = last.position
  }
}

/** Stores a compaction once. `over`: its turn has ended or is being stopped, and nothing was written. */
export async function storeCompaction(
  database: Database,
  compaction: NewCompaction,
): Promise<'stored' | 'done' | 'over'> {
  const { conversationId, summary } = compaction
  const events = toEventRowsJson(compaction.events)
  const { outcome, log } = await database.call<{ outcome: 'stored' | 'done' | 'over'; log?: LogAnswer }>(
    'store_compaction',
    [
      conversationId,
      compaction.turnId,
      compaction.id,
      compaction.uptoPosition,
      compaction.asked,
      summary === null ? null : storableText(summary),
      storableJson(compaction.facts),
      compaction.factsLeftOut,
      compaction.tokensBefore,
      compaction.tokensAfter,
      events,
    ],
  )
  publishNotice(database, conversationId, log, events)
  return outcome
}
