import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import { noConversation } from './no-conversation.ts'

/** Where a log ends. */
export type LogEnd = {
  lastSeq: number
  /**
   * The highest number that a client may have seen. After a crash of the server it lies beyond the last one:
   * asynchronous appends may have been taken back, and the next number will jump over them.
   */
  highestGiven: number
  /** Events up to this number are not kept. */
  floor: number
}

/** @throws AppError `not_found` */
export async function getLogEnd(database: Database, owner: OwnerId, id: ConversationId): Promise<LogEnd> {
  const [row] = await database.rows<{ last_seq: number; log_floor: number; same_server: boolean }>(
    'get_log_end',
    `select last_seq, log_floor, server_life is null or server_life is not distinct from (select id from server_life) as same_server
       from conversations where id = $1 and owner_id = $2`,
    [id, owner],
  )
  if (row === undefined) throw noConversation(id)
  const { last_seq: lastSeq, log_floor: floor } = row
  return { lastSeq, floor, highestGiven: lastSeq + (row.same_server ? 0 : 1_000_000) }
}

/** When the last event that is kept was appended, ISO 8601; undefined for an empty log. */
export async function findLogTime(database: Database, id: ConversationId): Promise<string | undefined> {
  const [row] = await database.rows<{ ts: Date }>(
    'find_log_time',
    'select ts from events where conversation_id = $1 order by seq desc limit 1',
    [id],
  )
  return row?.ts.toISOString()
}
