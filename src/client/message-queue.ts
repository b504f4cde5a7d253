import type { ConversationView, Entry, MessageEntry } from './conversation-view.ts'
import { dropEntry, putEntry } from './entry-list.ts'

/** Moves a message to the queue, or to another place in it. `position` counts from 0; absent: unchanged. */
export function queueMessage(
  view: ConversationView,
  message: MessageEntry,
  position: number | undefined,
): ConversationView {
  const known = view.queue.findIndex(({ id }) => id === message.id)
  const others = view.queue.filter(({ id }) => id !== message.id)
  const index = position ?? (known === -1 ? others.length : known)
  return { ...dropEntry(view, message), queue: others.toSpliced(index, 0, { ...message, state: 'queued' }) }
}

/** Takes a message out of the queue for good. */
export function dequeueMessage(view: ConversationView, messageId: string): ConversationView {
  return { ...view, queue: view.queue.filter(({ id }) => id !== messageId) }
}

/** Moves what a new turn answers below the answers before it: what has just arrived, else the first in the queue. */
export function startNextMessage(view: ConversationView, turnId: string): ConversationView {
  const next = view.entries.findLast(isUnanswered) ?? view.queue[0]
  if (!next) return view
  return putEntry(dequeueMessage(dropEntry(view, next), next.id), { ...next, state: 'done', turnId })
}

function isUnanswered(entry: Entry): entry is MessageEntry {
  return entry.kind === 'message' && entry.role === 'user' && entry.state === 'received'
}
