import { AppError } from '../contracts/errors.ts'
import type { ConversationId, MessageId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import type { EventRow, LogAnswer } from './log-answer.ts'
import { type Creation, type CreationAnswer, toCreated } from './made-conversation.ts'
import { noConversation } from './no-conversation.ts'
import { publishNotice } from './publish-notice.ts'
import { refuseTooMuch } from './refuse-too-much.ts'
import { storableText } from './storable-text.ts'
import { tooManyTurns } from './too-many-turns.ts'

/** A message that takes the place of an earlier one. */
export type ReplacingMessage = {
  id: MessageId
  /** The message whose place it takes, with everything behind it. */
  replaces: MessageId
  conversationId: ConversationId
  owner: OwnerId
  /** Absent: that of the message it replaces. */
  text: string | undefined
  /** Chosen for this message alone; absent: that of the message it replaces. */
  model: string | undefined
  clientMessageId: string | undefined
  via: string
  /** Turns that the owner may have at the same time. */
  turnLimit: number
}

/** What the workflow must be told of it. */
export type AcceptedBranch = {
  repeated: boolean
  /** Its place among all messages; undefined when its turn has begun. */
  position: number | undefined
  turns: number
  model: string
}

type BranchAnswer = {
  outcome: 'accepted' | 'repeated' | 'conflict' | 'unsuitable' | 'busy' | 'crowded' | 'missing' | 'unknown'
  /** Why it is unsuitable, if it is not for what it is. */
  reason?: 'forgotten'
  state?: string
  position?: number
  turnId?: TurnId | null
  turns?: number
  model?: string
  events?: EventRow[]
  log?: LogAnswer
}

/**
 * Puts a new message in the place of one that was answered, all or nothing: the first of the two writes that commit
 * it. What was there before stays readable as a branch. Repeating it with the same id changes nothing.
 * @throws AppError `not_found`, `not_a_user_message`, `turn_running`, `message_conflict`, `too_many_turns`
 */
export async function regenerateMessage(
  database: Database,
  message: ReplacingMessage,
): Promise<AcceptedBranch> {
  const answer = await database.call<BranchAnswer>('regenerate_message', [
    message.conversationId,
    message.owner,
    message.replaces,
    message.id,
    message.text === undefined ? null : storableText(message.text),
    message.model ?? null,
    message.clientMessageId ?? null,
    message.via,
    message.turnLimit,
  ])
  const { outcome } = answer
  if (outcome !== 'accepted' && outcome !== 'repeated') throw toRefusal(outcome, answer, message)
  publishNotice(database, message.conversationId, answer.log, JSON.stringify(answer.events))
  const { state, position, turns = 0, model = '' } = answer
  return {
    repeated: outcome === 'repeated',
    position: state === 'queued' ? position : undefined,
    turns,
    model,
  }
}

function toRefusal(
  outcome: Exclude<BranchAnswer['outcome'], 'accepted' | 'repeated'>,
  { reason, turnId }: BranchAnswer,
  message: ReplacingMessage,
): AppError {
  switch (outcome) {
    case 'missing':
      return noConversation(message.conversationId)
    case 'unsuitable':
      return new AppError(
        'not_a_user_message',
        reason === 'forgotten'
          ? `The text of message ${message.replaces} is not kept. Give the text that is to be answered.`
          : `Message ${message.replaces} cannot be answered anew: only a user's message that has begun and was not replaced can.`,
      )
    case 'busy':
      return new AppError(
        'turn_running',
        'A turn runs, or a message waits for one. Wait for it, or stop it.',
        {
          details: turnId ? { turnId } : {},
        },
      )
    case 'crowded':
      return tooManyTurns(message.turnLimit)
    case 'conflict':
      return new AppError(
        'message_conflict',
        'This id was used for another message. Use a new clientMessageId for a new one.',
      )
    case 'unknown':
      return noMessage(message.replaces)
  }
}

export type Fork = Creation & {
  source: ConversationId
  /** The last message that is copied, with the rest of its turn when it is an answer or a result. */
  messageId: MessageId
}

/**
 * Copies a conversation up to a message into a new one that shares nothing with it.
 * @throws AppError `not_found`, `turn_running` for an answer of the running turn, `conflict`,
 * `too_many_conversations`, `payload_too_large`
 */
export async function forkConversation(
  database: Database,
  fork: Fork,
): Promise<{ created: boolean; id: ConversationId }> {
  const statement = database.call<
    CreationAnswer | { outcome: 'missing' } | { outcome: 'unknown' } | { outcome: 'busy'; turnId: TurnId }
  >('fork_conversation', [
    fork.source,
    fork.owner,
    fork.messageId,
    fork.id,
    fork.idempotency?.key ?? null,
    fork.idempotency?.requestHash ?? null,
    fork.limit ?? null,
  ])
  const answer = await refuseTooMuch(
    statement,
    'This conversation is too long to be copied at once. Fork from an earlier message.',
  )
  if (answer.outcome === 'missing') throw noConversation(fork.source)
  if (answer.outcome === 'unknown') throw noMessage(fork.messageId)
  if (answer.outcome === 'busy') {
    throw new AppError(
      'turn_running',
      `Message ${fork.messageId} belongs to the running turn. Wait for it, or fork from a message before it.`,
      { details: { turnId: answer.turnId } },
    )
  }
  return toCreated(answer, fork.limit)
}

function noMessage(id: MessageId): AppError {
  return new AppError('not_found', `There is no message ${id} in this conversation that has begun.`)
}
