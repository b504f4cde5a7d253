import type { BackgroundCall, ToolCallRef } from '../contracts/activity-interface.ts'
import { AppError } from '../contracts/errors.ts'
import type { CallId, ConversationId, MessageId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { ScheduledCall, ToolError } from '../contracts/tool-call.ts'
import type { Database } from './database.ts'
import { type EventRow, type LogAnswer } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'
import { storableJson } from './storable-text.ts'
import type { BegunTry } from './tool-calls.ts'

/** What came of letting a call go on in the background. */
export type BegunBackground =
  | { outcome: 'running' }
  /** As many as may run already. */
  | { outcome: 'full' }
  /** Its turn is being stopped. */
  | { outcome: 'cancelling' }
  | Extract<BegunTry, { outcome: 'ungranted' | 'done' | 'missing' }>

/** Answers a call for the model with `running`, once, and has it outlive its turn. */
export async function beginBackgroundCall(
  database: Database,
  { conversationId, turnId, callId, call }: BackgroundCall,
  limit: number,
): Promise<BegunBackground> {
  type Answer = BegunBackground & { events?: EventRow[]; log?: LogAnswer }
  const answer = await database.call<Answer>('begin_background_call', [
    conversationId,
    turnId,
    callId,
    storableJson(call),
    JSON.stringify({ status: 'running', callId }),
    limit,
  ])
  publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
  return answer
}

/** The note of a background call that has ended, and what its conversation's workflow is told of it. */
export type WaitingNote = {
  conversationId: ConversationId
  messageId: MessageId
  position: number
  note: true
  owner: { id: OwnerId; wallet?: string }
  model: string
  turns: number
}

/**
 * Has the note of a call wait for a turn, and holds a place for that turn. `crowded`: the owner has as many turns as
 * may run. Undefined: the model has been told, or there is nobody to be told any more.
 */
export async function queueNote(
  database: Database,
  { conversationId, callId }: ToolCallRef,
  turnLimit: number,
): Promise<WaitingNote | 'crowded' | undefined> {
  type Answer =
    | { outcome: 'crowded' | 'told' | 'missing' }
    | (Pick<WaitingNote, 'messageId' | 'position' | 'model' | 'turns'> & {
        outcome: 'wake'
        owner: OwnerId
        wallet: string | null
      })
  const answer = await database.call<Answer>('wake_conversation', [conversationId, callId, turnLimit])
  if (answer.outcome === 'crowded') return 'crowded'
  if (answer.outcome !== 'wake') return undefined
  const { messageId, position, owner, wallet, model, turns } = answer
  const named = { id: owner, ...(wallet === null ? {} : { wallet }) }
  return { conversationId, messageId, position, note: true, owner: named, model, turns }
}

/** Tells every worker to stop a background call. False: none such runs. @throws AppError `not_found` */
export async function stopBackgroundCall(
  database: Database,
  owner: OwnerId,
  { conversationId, callId }: Pick<ToolCallRef, 'conversationId' | 'callId'>,
): Promise<boolean> {
  const outcome = await database.call<'stopping' | 'over' | 'missing'>('stop_background_call', [
    conversationId,
    owner,
    callId,
  ])
  if (outcome === 'missing') {
    throw new AppError('not_found', `There is no call ${callId} in conversation ${conversationId}.`)
  }
  return outcome === 'stopping'
}

/** Ends a background call as stopped whose workflow is gone. */
export async function endLostCall(
  database: Database,
  { conversationId, callId }: Pick<ToolCallRef, 'conversationId' | 'callId'>,
): Promise<void> {
  const error: ToolError = { code: 'stopped', message: 'The user stopped the call.', retryable: true }
  const answer = await database.call<{ events?: EventRow[]; log?: LogAnswer }>('end_lost_call', [
    conversationId,
    callId,
    storableJson(error),
  ])
  publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
}

/** Lists the background calls of a conversation that have no end, as their workflows were told of them. */
export async function listBackgroundCalls(
  database: Database,
  conversationId: ConversationId,
): Promise<BackgroundCall[]> {
  const rows = await database.rows<{ id: CallId; turn_id: TurnId; background: ScheduledCall }>(
    'list_background_calls',
    `select id, turn_id, background from tool_calls
       where conversation_id = $1 and background is not null and status is null`,
    [conversationId],
  )
  return rows.map(({ id, turn_id: turnId, background: call }) => {
    return { conversationId, turnId, callId: id, background: true, call }
  })
}
