import type { CallId, ConversationId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { ToolError } from '../contracts/tool-call.ts'
import type { Database } from './database.ts'
import type { NewEvent } from './event-log.ts'
import { type LogAnswer, toEventRow, toEventRowsJson } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'
import { storableJson } from './storable-text.ts'

/** A call that ends because its turn does. */
export type OpenCallEnd = { callId: CallId; error: ToolError; text: string; event: NewEvent }

export type FinishedTurn = {
  conversationId: ConversationId
  turnId: TurnId
  /** How calls that are still open end. */
  openCallStatus: 'cancelled' | 'timeout' | 'error'
  openCalls: readonly OpenCallEnd[]
  events: readonly NewEvent[]
}

/** Ends the running turn with every call of it that is still open. Does nothing when it has ended. */
export async function finishTurn(database: Database, finished: FinishedTurn): Promise<void> {
  const { conversationId, turnId, openCallStatus, openCalls, events } = finished
  const answer = await database.call<{ log?: LogAnswer }>('finish_turn', [
    conversationId,
    turnId,
    openCallStatus,
    storableJson(
      openCalls.map(({ callId, event, ...rest }) => ({ id: callId, ...rest, event: toEventRow(event) })),
    ),
    toEventRowsJson(events),
  ])
  publishNotice(database, conversationId, answer.log)
}

/** Lists the calls that end with their turn and have no end yet. */
export async function listOpenCalls(database: Database, turnId: TurnId): Promise<CallId[]> {
  const rows = await database.rows<{ id: string }>(
    'list_open_calls',
    'select id from tool_calls where turn_id = $1 and status is null and background is null order by length(id), id',
    [turnId],
  )
  return rows.map(({ id }) => id)
}

/** `pending`: no turn has begun, but a message waits for one. */
export type StoppedTurn = { stopping: TurnId | null; pending: boolean }

/** Ends a turn whose workflow is gone, with its open calls. */
export async function endLostTurn(
  database: Database,
  conversationId: ConversationId,
  turnId: TurnId,
): Promise<void> {
  const { log } = await database.call<{ log: LogAnswer | null }>('end_lost_turn', [conversationId, turnId])
  publishNotice(database, conversationId, log)
}

/** Marks the running turn as being stopped and tells every worker. Undefined: no such conversation. */
export async function stopTurn(
  database: Database,
  owner: OwnerId,
  conversationId: ConversationId,
  turnId: TurnId | undefined,
): Promise<StoppedTurn | undefined> {
  const answer = await database.call<{
    outcome: 'stopping' | 'pending' | 'idle' | 'missing'
    turnId?: TurnId
  }>('stop_turn', [conversationId, owner, turnId ?? null])
  if (answer.outcome === 'missing') return undefined
  return { stopping: answer.turnId ?? null, pending: answer.outcome === 'pending' }
}
