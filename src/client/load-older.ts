import type { Message } from '../contracts/conversation.ts'
import type { ConversationView } from './conversation-view.ts'
import type { Client } from './create-client.ts'
import { entriesOf } from './view-of-snapshot.ts'

/** Messages from before a view, as they are put in front of it; `before` says of which view. */
export type OlderMessages = { before: string; messages: readonly Message[]; olderMessages?: string }

/**
 * Loads the page before what the view shows; undefined when there is none. Events may go on meanwhile: the page is
 * given to `addOlder` with the view as it is then.
 */
export async function loadOlder(
  client: Client,
  conversationId: string,
  { olderMessages: before }: Pick<ConversationView, 'olderMessages'>,
  limit?: number,
): Promise<OlderMessages | undefined> {
  if (before === undefined) return undefined
  const page = await client.listMessages(conversationId, { before, ...(limit !== undefined && { limit }) })
  return { before, ...page }
}

/** The view with a page in front of it; one that is there already, or belongs to another view, changes nothing. */
export function addOlder(view: ConversationView, older: OlderMessages): ConversationView {
  if (view.olderMessages !== older.before) return view
  const known = new Set([...view.superseded, ...view.entries.map(({ id }) => id)])
  const fresh = entriesOf(older.messages, []).filter(({ id }) => !known.has(id))
  const { olderMessages: _before, replaced, ...rest } = view
  return {
    ...rest,
    ...(replaced && { replaced: { ...replaced, index: replaced.index + fresh.length } }),
    entries: [...fresh, ...view.entries],
    ...(older.olderMessages !== undefined && { olderMessages: older.olderMessages }),
  }
}
