import type { Event } from '../contracts/event.ts'
import type { ConversationView, MessageEntry } from './conversation-view.ts'
import { findMessage, putEntry } from './entry-list.ts'
import { dequeueMessage, queueMessage } from './message-queue.ts'
import { appendText, completeText, finishText, startText } from './streamed-text.ts'

type MessageEvent = Extract<
  Event,
  { type: `message.${string}` | `text.${string}` | `reasoning.${string}` | 'user.message' | 'system.note' }
>

/** What a message event changes: its text, its thoughts, its place in the queue. */
export function applyMessageEvent(view: ConversationView, event: MessageEvent): ConversationView {
  const before = findMessage(view, event.messageId) ?? newMessage(event)
  switch (event.type) {
    case 'user.message':
      return putEntry(view, {
        ...before,
        content: completeText(event.text, 0),
        source: event.via,
        ...(event.clientMessageId !== undefined && { clientMessageId: event.clientMessageId }),
      })
    case 'system.note':
      return putEntry(view, { ...before, source: event.source, content: completeText(event.text, 0) })
    case 'message.queued':
      return queueMessage(view, withText(before, event.text), event.position)
    case 'message.updated':
      return before.state === 'queued'
        ? queueMessage(view, withText(before, event.text), event.position)
        : putEntry(view, withText(before, event.text))
    case 'message.withdrawn':
      return putEntry(dequeueMessage(view, event.messageId), { ...before, state: 'withdrawn' })
    case 'message.refused': {
      const code = event.code !== undefined && { code: event.code }
      return putEntry(dequeueMessage(view, event.messageId), { ...before, state: 'refused', ...code })
    }
    case 'text.started':
      return putEntry(view, { ...before, content: startText(before.content, event.attempt) })
    case 'text.delta':
      return putEntry(view, { ...before, content: appendText(before.content, event) })
    case 'text.completed':
      return putEntry(view, {
        ...before,
        content: finishText(before.content, event.text, event.attempt),
        state: 'done',
      })
    case 'reasoning.delta':
      return putEntry(view, { ...before, reasoning: appendText(before.reasoning, event) })
    case 'reasoning.completed':
      return putEntry(view, { ...before, reasoning: finishText(before.reasoning, event.text, event.attempt) })
  }
}

function withText(message: MessageEntry, text = message.content.text): MessageEntry {
  return { ...message, content: completeText(text, 0) }
}

function newMessage(event: MessageEvent): MessageEntry {
  const role = roleOf(event.type)
  return {
    kind: 'message',
    id: event.messageId,
    role,
    content: { text: '', attempt: 0, position: 0, complete: false },
    state: role === 'note' ? 'done' : 'received',
    createdAt: event.ts,
    ...(event.turnId !== undefined && { turnId: event.turnId }),
  }
}

function roleOf(type: MessageEvent['type']): MessageEntry['role'] {
  if (type === 'system.note') return 'note'
  return type.startsWith('text.') || type.startsWith('reasoning.') ? 'assistant' : 'user'
}
