import type { Client } from '../client/create-client.ts'
import type { Conversation, ConversationHit } from '../contracts/conversation.ts'
import type { WatchedState } from '../contracts/watched-conversation.ts'
import { toPlainLine } from './text-filter.ts'

/** The owner's latest conversations, one to a line. */
export async function conversationLines(client: Client, state?: WatchedState): Promise<string[]> {
  const { conversations, nextCursor } = await client.listConversations(state === undefined ? {} : { state })
  if (conversations.length === 0)
    return [state === undefined ? 'There are no conversations yet.' : 'There are none.']
  return [...conversations.map(conversationLine), ...(nextCursor ? ['(older ones are not shown)'] : [])]
}

/** One conversation: its id, when it changed, what it does, its title. */
export function conversationLine({ id, state, stalled, updatedAt, title }: Conversation): string {
  const time = updatedAt.slice(0, 16).replace('T', ' ')
  return `${id}  ${time}  ${(stalled ? 'stalled' : state).padEnd(10)}  ${toPlainLine(title)}`
}

/** A conversation that was found, and below it the words that were. */
export function searchLines({ match, ...conversation }: ConversationHit): string[] {
  const found = toPlainLine(match?.snippet ?? '')
  return [conversationLine(conversation), ...(found === '' ? [] : [`  … ${found}`])]
}
