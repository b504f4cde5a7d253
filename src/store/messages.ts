import { AppError } from '../contracts/errors.ts'
import type { BusyPolicy } from '../contracts/conversation.ts'
import type { ConversationId, MessageId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { WaitingMessage } from '../contracts/turn.ts'
import type { Database } from './database.ts'
import { isForgotten } from './forgettings.ts'
import type { EventRow, LogAnswer } from './log-answer.ts'
import { noConversation } from './no-conversation.ts'
import { publishNotice } from './publish-notice.ts'
import { storableText } from './storable-text.ts'
import { tooManyTurns } from './too-many-turns.ts'

export type NewMessage = {
  id: MessageId
  conversationId: ConversationId
  owner: OwnerId
  text: string
  clientMessageId?: string | undefined
  via: string
  /** Messages that may wait in this conversation. */
  queueLimit: number
  /** Turns that the owner may have at the same time. */
  turnLimit: number
  /** Overrides the conversation's own. */
  busyPolicy?: BusyPolicy | undefined
  /** For this message alone; a repeat does not change it. */
  model?: string | undefined
}

type AcceptAnswer = {
  outcome: 'accepted' | 'repeated' | 'conflict' | 'full' | 'busy' | 'crowded' | 'missing'
  state?: string
  /** Its place among the messages that wait. */
  position?: number
  busyPolicy?: BusyPolicy
  turnId?: TurnId | null
  turns?: number
  model?: string
  waiting?: WaitingMessage[]
}

/** What the workflow must be told of an accepted message. */
export type AcceptedMessage = {
  repeated: boolean
  /** In order: the message itself, unless it has begun, behind those whose workflow was lost. */
  toSignal: WaitingMessage[]
  turns: number
  model: string
  /** The turn that an `interrupt` stops. */
  interrupts: TurnId | undefined
}

/**
 * Stores a user's message before anything is signalled: the first of the two writes that commit it.
 * Repeating it with the same id and text changes nothing.
 * @throws AppError `not_found`, `message_conflict`, `turn_running`, `queue_full`, `too_many_turns`
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
    message.busyPolicy ?? null,
    message.turnLimit,
    message.model ?? null,
  ])
  const { position = 0, busyPolicy = 'queue', turns = 0, model = '', waiting = [], state } = answer
  const itself = toWaiting({ messageId: message.id, position, busyPolicy })
  switch (answer.outcome) {
    case 'accepted':
      return {
        repeated: false,
        toSignal: [...waiting.map(toWaiting), itself],
        turns,
        model,
        interrupts: busyPolicy === 'interrupt' ? (answer.turnId ?? undefined) : undefined,
      }
    case 'repeated':
      // A queued one is told again, because its workflow may be gone; the workflow drops what it has seen.
      return {
        repeated: true,
        toSignal: state === 'received' || state === 'queued' ? [itself] : [],
        turns,
        model,
        interrupts: undefined,
      }
    case 'missing':
      throw noConversation(message.conversationId)
    case 'conflict':
      // Nothing is left to compare it with.
      if (await isForgotten(database, message.id)) {
        return { repeated: true, toSignal: [], turns, model, interrupts: undefined }
      }
      throw new AppError(
        'message_conflict',
        'A message with this id and another text exists. Use a new clientMessageId for a new message.',
      )
    case 'busy':
      if (!answer.turnId) {
        throw new AppError('turn_running', 'Another message is about to begin. Wait for its turn to end.')
      }
      throw new AppError('turn_running', `Turn ${answer.turnId} is running. Wait for it, or stop it first.`, {
        details: { turnId: answer.turnId },
      })
    case 'crowded':
      throw tooManyTurns(message.turnLimit)
    case 'full':
      throw new AppError(
        'queue_full',
        `${message.queueLimit} messages wait already. Wait until some are answered, then repeat with the same id.`,
        { retryAfterMs: 5_000 },
      )
  }
}

/** What `queue` means goes without saying. */
function toWaiting({ messageId, position, busyPolicy, note }: WaitingMessage): WaitingMessage {
  return {
    messageId,
    position,
    ...(note === undefined ? {} : { note }),
    ...(busyPolicy === 'queue' || busyPolicy === undefined ? {} : { busyPolicy }),
  }
}

/** Where an accepted message is; `started` also when its turn has ended. */
export type PostedState = 'started' | 'queued' | 'withdrawn'

/** Shows an accepted message to clients, after its signal. Repeating it changes nothing. */
export async function announceMessage(
  database: Database,
  conversationId: ConversationId,
  id: MessageId,
): Promise<PostedState> {
  type Answer = { state: PostedState; events?: EventRow[]; log?: LogAnswer }
  const answer = await database.call<Answer | null>('announce_message', [conversationId, id])
  if (answer === null) throw new AppError('not_found', `There is no message ${id}.`)
  // One that has begun was told by the function itself.
  if (answer.state === 'queued') {
    publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
  }
  return answer.state
}

/** A message that has not begun, as it stands now. */
export type WaitingText = { messageId: MessageId; state: 'received' | 'queued' }

type ChangeAnswer = {
  outcome: 'edited' | 'withdrawn' | 'started' | 'missing'
  state?: WaitingText['state']
  /** Another message was answered since this one took the place of others. */
  overtaken?: boolean
  log?: LogAnswer
}

/** Changes the text of a message that has not begun. @throws AppError `not_found`, `message_started` */
export async function editMessage(
  database: Database,
  { conversationId, owner, id, text }: Pick<NewMessage, 'conversationId' | 'owner' | 'id' | 'text'>,
): Promise<WaitingText> {
  const answer = await database.call<ChangeAnswer>('edit_message', [
    conversationId,
    owner,
    id,
    storableText(text),
  ])
  assertWaiting(answer, id)
  publishNotice(database, conversationId, answer.log)
  return { messageId: id, state: answer.state ?? 'queued' }
}

/**
 * Takes back a message that has not begun; repeating it changes nothing. Messages that it has taken the place of are
 * part of the conversation again.
 * @throws AppError `not_found`, `message_started`, `edit_overtaken`
 */
export async function withdrawMessage(
  database: Database,
  { conversationId, owner, id }: Pick<NewMessage, 'conversationId' | 'owner' | 'id'>,
): Promise<void> {
  const answer = await database.call<ChangeAnswer>('withdraw_message', [conversationId, owner, id])
  assertWaiting(answer, id)
  publishNotice(database, conversationId, answer.log)
}

function assertWaiting({ outcome, overtaken }: ChangeAnswer, id: MessageId): void {
  if (outcome === 'missing') throw new AppError('not_found', `There is no waiting message ${id}.`)
  if (overtaken) {
    throw new AppError(
      'edit_overtaken',
      `Another message was answered without what message ${id} has taken the place of. Change it, or stop its turn.`,
    )
  }
  if (outcome === 'started') {
    throw new AppError('message_started', `Message ${id} has begun. Send another one, or stop its turn.`)
  }
}
