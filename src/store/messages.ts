import { AppError } from '../contracts/errors.ts'
import type { ConversationId, MessageId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import type { EventRow, LogAnswer } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'
import { storableText } from './storable-text.ts'

export type NewMessage = {
  id: MessageId
  conversationId: ConversationId
  owner: OwnerId
  text: string
  clientMessageId?: string | undefined
  via: string
  /** Messages that may wait in this conversation. */
  queueLimit: number
  /** Refuses instead of queueing while a turn runs. */
  rejectWhenBusy: boolean
}

type AcceptAnswer = {
  outcome: 'accepted' | 'repeated' | 'conflict' | 'full' | 'busy' | 'missing'
  state?: string
  /** Its place among the messages that wait. */
  position?: number
  turnId?: TurnId | null
  turns?: number
}

/**
 * `mustSignal`: the workflow has not been told of the message, or may not have been. `position` is its place
 * among the messages that wait; numbers are skipped.
 */
export type AcceptedMessage = { repeated: boolean; mustSignal: boolean; position: number; turns: number }

/**
 * Stores a user's message before anything is signalled: the first of the two writes that commit it.
 * Repeating it with the same id and text changes nothing.
 * @throws AppError `not_found`, `message_conflict`, `turn_running`, `queue_full`
 */
export async function acceptMessage(database: Database, message: NewMessage): Promise<AcceptedMessage> {
  const answer = await database.call<AcceptAnswer>('accept_message', [
    message.conversationId,
    message.owner,
    message.id,
    storableText(message.text),
    message.clientMessageId ?? null,
    message.via,
    message.queueLimit,
    message.rejectWhenBusy,
  ])
  const { position = 0, turns = 0 } = answer
  switch (answer.outcome) {
    case 'accepted':
      return { repeated: false, mustSignal: true, position, turns }
    case 'repeated':
      return { repeated: true, mustSignal: answer.state === 'received', position, turns }
    case 'missing':
      throw new AppError('not_found', `There is no conversation ${message.conversationId}.`)
    case 'conflict':
      throw new AppError(
        'message_conflict',
        'A message with this id and another text exists. Use a new clientMessageId for a new message.',
      )
    case 'busy':
      throw new AppError('turn_running', `Turn ${answer.turnId} is running. Wait for it, or stop it first.`, {
        details: { turnId: answer.turnId },
      })
    case 'full':
      throw new AppError(
        'queue_full',
        `${message.queueLimit} messages wait already. Wait until some are answered, then repeat with the same id.`,
        { retryAfterMs: 5_000 },
      )
  }
}

/** Shows an accepted message to clients, after its signal. Repeating it changes nothing. */
export async function announceMessage(
  database: Database,
  conversationId: ConversationId,
  id: MessageId,
): Promise<'started' | 'queued'> {
  const answer = await database.call<{
    state: 'started' | 'queued'
    events: EventRow[]
    log: LogAnswer
  } | null>('announce_message', [conversationId, id])
  if (answer === null) throw new AppError('not_found', `There is no message ${id}.`)
  publishNotice(database, conversationId, answer.log, answer.events)
  return answer.state
}
