import type { MessageRole } from '../../contracts/conversation.ts'
import type { TurnId } from '../../contracts/ids.ts'

/** What is looked at of a message; one that was imported has no turn. */
export type MessageOfTurn = { role: MessageRole; turnId?: TurnId | null }

/**
 * Parts messages, oldest first, into turns: what is summed up or left out of a context as a whole. A message of the
 * user with all that followed it; one that joined a turn belongs to that turn, so no call is cut off.
 */
export function listTurns<Message extends MessageOfTurn>(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = []
  let before: Message | undefined
  for (const message of messages) {
    if (before === undefined || begins(message, before)) turns.push([message])
    else turns.at(-1)?.push(message)
    before = message
  }
  return turns
}

function begins({ role, turnId = null }: MessageOfTurn, before: MessageOfTurn): boolean {
  const turnBefore = before.turnId ?? null
  if (role !== 'user') return false
  // Without turns, messages of the user in a row are one question.
  return turnId === null && turnBefore === null ? before.role !== 'user' : turnId !== turnBefore
}
