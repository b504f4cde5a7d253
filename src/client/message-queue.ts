import type { ConversationView, MessageEntry } from './conversation-view.ts'
import { dropEntry, findMessage, putEntry } from './entry-list.ts'

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

/** Moves a message that a new turn answers below the answers before it. */
export function startMessage(view: ConversationView, messageId: string, turnId: string): ConversationView {
  const message = findMessage(view, messageId)
  if (message === undefined) return view
  return putEntry(dequeueMessage(dropEntry(view, message), messageId), { ...message, state: 'done', turnId })
}
