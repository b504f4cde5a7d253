import { randomUUID } from 'node:crypto'

import { AppError } from '../contracts/errors.ts'
import type { CallId, ConversationId, OwnerId } from '../contracts/ids.ts'
import type { ToolStatus } from '../contracts/tool-call.ts'
import type { Database } from './database.ts'

/** A large result whose pieces are stored; the end of its call makes it the call's result. */
export type LargeResult = { writtenBy: string; totalChars: number; sizeBytes: number; isPlainText: boolean }

/** A result on its way into the store. */
export type ResultBytes = { utf8: Buffer; isPlainText: boolean }

/** A result as it can be read. Offsets and lengths are characters (UTF-16 units). */
export type StoredResult = {
  totalChars: number
  sizeBytes: number
  /** The text itself was the output; otherwise it is JSON. */
  isPlainText: boolean
  /** The whole from an offset on, in pieces that never end inside a character. */
  pieces(fromOffset?: number): AsyncGenerator<{ offset: number; text: string }>
}

export type ResultRef = {
  conversationId: ConversationId
  callId: CallId
  /** Absent: the caller has made sure of the conversation. */
  owner?: OwnerId
  /** Only what is not to be forgotten. */
  kept?: boolean
}

/** Small enough that a reader of one part loads little, large enough that 16 MiB are 64 writes. */
const chunkSizeBytes = 256 * 1024

/**
 * Stores a result piece by piece, each a transaction of its own; it counts once its call has ended with it.
 * `write` runs each of the writes, which may be repeated.
 */
export async function writeResult(
  database: Database,
  callId: CallId,
  { utf8, isPlainText }: ResultBytes,
  write: (one: () => Promise<unknown>) => Promise<unknown> = (one) => one(),
): Promise<LargeResult> {
  const writtenBy = randomUUID()
  let totalChars = 0
  let chunk = 0
  for (let from = 0; from < utf8.length; chunk += 1) {
    const to = endOfPiece(utf8, from)
    const piece = utf8.subarray(from, to)
    // As bytes: PostgreSQL takes them for text, and none is made here.
    const values = [callId, writtenBy, chunk, totalChars, piece]
    // One after the other: the point is to hold one piece at a time.
    await write(() => database.call('store_result_chunk', values))
    totalChars += countChars(piece)
    from = to
  }
  return { writtenBy, totalChars, sizeBytes: utf8.length, isPlainText }
}

/** UTF-16 units of the text: one for each character, two for those of four bytes. */
function countChars(utf8: Buffer): number {
  let count = 0
  for (const byte of utf8) {
    if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1
  }
  return count
}

/** Characters of several bytes are not divided, and so no surrogate pair is. */
function endOfPiece(bytes: Buffer, from: number): number {
  let to = Math.min(from + chunkSizeBytes, bytes.length)
  while (to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1
  return to
}

type FoundRow = {
  status: ToolStatus | null
  /** The output of a call whose result is small. */
  text: string | null
  plain_text: boolean
  written_by: string | null
  total_chars: number | null
  size_bytes: number | null
  removed_at: Date | null
}

/** Finds the result of a call. @throws AppError `result_unknown`, saying why there is none */
export async function findResult(database: Database, ref: ResultRef): Promise<StoredResult> {
  const { conversationId, callId, owner, kept = false } = ref
  const [row] = await database.rows<FoundRow>(
    'find_result',
    `select t.status, case json_typeof(t.output) when 'string' then t.output #>> '{}' else t.output::text end as text,
         coalesce(r.plain_text, json_typeof(t.output) = 'string', false) as plain_text,
         r.written_by, r.total_chars, r.size_bytes, r.removed_at
       from tool_calls t join conversations c on c.id = t.conversation_id
       left join large_results r on r.call_id = t.id and r.total_chars is not null
       where t.id = $1 and t.conversation_id = $2 and ($3::text is null or c.owner_id = $3)
         and not ($4 and exists (select 1 from forgettings f where f.id = t.turn_id))`,
    [callId, conversationId, owner ?? null, kept],
  )
  if (row === undefined) throw unknownResult(callId, 'This conversation has no such call.')
  const { text, written_by: writtenBy } = row
  if (writtenBy !== null) return toLargeResult(database, callId, { ...row, written_by: writtenBy })
  if (text === null) throw unknownResult(callId, whyAbsent(row.status))
  return {
    totalChars: text.length,
    sizeBytes: Buffer.byteLength(text),
    isPlainText: row.plain_text,
    async *pieces(fromOffset = 0) {
      if (fromOffset < text.length) yield { offset: 0, text }
    },
  }
}

function toLargeResult(
  database: Database,
  callId: CallId,
  row: FoundRow & { written_by: string },
): StoredResult {
  if (row.removed_at !== null) {
    const day = row.removed_at.toISOString().slice(0, 10)
    throw unknownResult(callId, `It was removed on ${day}: large results are not kept for ever.`)
  }
  const totalChars = row.total_chars ?? 0
  return {
    totalChars,
    sizeBytes: row.size_bytes ?? 0,
    isPlainText: row.plain_text,
    async *pieces(fromOffset = 0) {
      for (let next = fromOffset; next < totalChars;) {
        const piece = await readPiece(database, callId, row.written_by, next)
        yield piece
        next = piece.offset + piece.text.length
      }
    },
  }
}

/** The piece in which an offset lies. */
async function readPiece(
  database: Database,
  callId: CallId,
  writtenBy: string,
  offset: number,
): Promise<{ offset: number; text: string }> {
  const [piece] = await database.rows<{ offset: number; text: string }>(
    'read_result_chunk',
    `select start_char as offset, text from result_chunks
       where call_id = $1 and written_by = $2 and start_char <= $3 order by chunk desc limit 1`,
    [callId, writtenBy, offset],
  )
  if (piece === undefined || offset >= piece.offset + piece.text.length) {
    throw unknownResult(callId, 'It was removed while it was read.')
  }
  return piece
}

function whyAbsent(status: ToolStatus | null): string {
  if (status === null) return 'The call has not ended.'
  return `The call ended as ${status}, without a result.`
}

function unknownResult(callId: CallId, why: string): AppError {
  return new AppError('result_unknown', `There is no result of call ${callId}. ${why}`, {
    details: { callId },
  })
}
