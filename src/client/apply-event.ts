import type { Event, StreamEvent } from '../contracts/event.ts'
import { addTurnUsage } from './add-turn-usage.ts'
import { applyContextEvent } from './apply-context-event.ts'
import { applyMessageEvent } from './apply-message-event.ts'
import { applyRequestEvent } from './apply-request-event.ts'
import { applyToolEvent } from './apply-tool-event.ts'
import { applyTurnEvent } from './apply-turn-event.ts'
import type { ConversationView, Notice } from './conversation-view.ts'
import { viewOfSnapshot } from './view-of-snapshot.ts'

/** How many notices a view keeps. */
const noticeLimit = 50

/**
 * The view after one more event. Events must come in the order of their numbers; one that was applied
 * before changes nothing, a type that is not known is passed over, and a snapshot replaces everything.
 */
export function applyEvent(view: ConversationView, event: StreamEvent): ConversationView {
  if (event.type === 'snapshot') return viewOfSnapshot(event)
  if (event.seq <= view.lastSeq) return view
  if (isAboutSuperseded(view, event)) return { ...view, lastSeq: event.seq }
  return { ...applyNewEvent(view, event), lastSeq: event.seq }
}

/** A call that outlived the edit of its message must not bring it back. */
function isAboutSuperseded({ superseded }: ConversationView, event: Event): boolean {
  if (superseded.length === 0) return false
  const id = 'messageId' in event ? event.messageId : 'callId' in event ? event.callId : undefined
  return id !== undefined && superseded.includes(id)
}

function applyNewEvent(view: ConversationView, event: Event): ConversationView {
  switch (event.type) {
    case 'user.message':
    case 'system.note':
    case 'message.queued':
    case 'message.updated':
    case 'message.withdrawn':
    case 'message.refused':
    case 'text.started':
    case 'text.delta':
    case 'text.completed':
    case 'reasoning.delta':
    case 'reasoning.completed':
      return applyMessageEvent(view, event)
    case 'tool.started':
    case 'tool.step':
    case 'tool.progress':
    case 'tool.completed':
      return applyToolEvent(view, event)
    case 'conversation.updated':
    case 'turn.started':
    case 'turn.waiting':
    case 'turn.finished':
    case 'round.started':
    case 'round.finished':
      return applyTurnEvent(view, event)
    case 'request.opened':
    case 'request.resolved':
      return applyRequestEvent(view, event)
    case 'messages.superseded':
    case 'messages.restored':
    case 'context.compacted':
    case 'context.cleared':
      return applyContextEvent(view, event)
    case 'usage.recorded':
      return applyUsage(view, event)
    case 'notice':
      return { ...view, notices: [...view.notices, noticeOf(event)].slice(-noticeLimit) }
    case 'plan.updated':
    case 'tx.status':
    default:
      return view
  }
}

/** Only an answer says how full the window is: a summary fills that of the helper model, a title none at all. */
function applyUsage(
  view: ConversationView,
  event: Extract<Event, { type: 'usage.recorded' }>,
): ConversationView {
  if (event.turnId === undefined) return view
  const { kind = 'answer' } = event
  return {
    ...view,
    ...(kind === 'answer' && { usage: event }),
    turnUsage: addTurnUsage(view.turnUsage, event),
  }
}

function noticeOf({ seq, level, code, message }: Extract<Event, { type: 'notice' }>): Notice {
  return { seq, level, code, message }
}
