import type { Conversation } from '../contracts/conversation.ts'
import type { Event, EventBase } from '../contracts/event.ts'
import type { ConversationView } from './conversation-view.ts'
import { startMessage } from './message-queue.ts'

type TurnEvent = Extract<Event, { type: `turn.${string}` | `round.${string}` | 'conversation.updated' }>

/** What a turn event changes: what the conversation is doing. */
export function applyTurnEvent(view: ConversationView, event: TurnEvent): ConversationView {
  switch (event.type) {
    case 'conversation.updated':
      return applyChanges(view, event)
    case 'turn.started':
      return startTurn(view, event)
    case 'turn.waiting':
      return { ...view, state: 'waiting' }
    case 'turn.finished':
      return finishTurn(view, event)
    case 'round.started':
      return startRound(view, event)
    case 'round.finished':
      return event.reason === 'tools' ? { ...view, state: 'tools' } : view
  }
}

function applyChanges(
  view: ConversationView,
  event: Extract<TurnEvent, { type: 'conversation.updated' }>,
): ConversationView {
  const { v: _v, seq: _seq, conversationId: _id, turnId: _turnId, ts, type: _type, ...changes } = event
  return {
    ...view,
    ...(changes.state !== undefined && { state: changes.state }),
    ...(view.conversation && { conversation: changeConversation(view.conversation, changes, ts) }),
  }
}

type Changes = Omit<Extract<TurnEvent, { type: 'conversation.updated' }>, keyof EventBase | 'type'>

/** What is null is the deployment's again: the conversation has none of its own. */
function changeConversation(before: Conversation, changes: Changes, updatedAt: string): Conversation {
  const { fallbackModels, instructions, tools, ...others } = { ...before, ...changes }
  return {
    ...others,
    ...(fallbackModels && { fallbackModels }),
    ...(typeof instructions === 'string' && { instructions }),
    ...(tools && { tools }),
    updatedAt,
  }
}

function startTurn(
  view: ConversationView,
  event: Extract<TurnEvent, { type: 'turn.started' }>,
): ConversationView {
  const turnId = event.turnId ?? ''
  const { replaced, ...rest } = view
  // An edit that has begun is not taken back any more.
  const settled = replaced && event.messageIds.includes(replaced.by) ? rest : view
  const started = event.messageIds.reduce((before, id) => startMessage(before, id, turnId), settled)
  return {
    ...started,
    state: 'thinking',
    turn: { turnId, round: 0, startedAt: event.ts, model: event.model },
  }
}

/** Messages that join the turn stand behind what it said before, and before what it says to them. */
function startRound(
  view: ConversationView,
  event: Extract<TurnEvent, { type: 'round.started' }>,
): ConversationView {
  const turnId = event.turnId ?? ''
  const joined = (event.messageIds ?? []).reduce((before, id) => startMessage(before, id, turnId), view)
  return {
    ...joined,
    state: 'thinking',
    ...(view.turn && {
      turn: { ...view.turn, round: event.round, ...(event.model !== undefined && { model: event.model }) },
    }),
  }
}

function finishTurn(
  view: ConversationView,
  event: Extract<TurnEvent, { type: 'turn.finished' }>,
): ConversationView {
  const { turn: _turn, ...rest } = view
  return {
    ...rest,
    state: 'idle',
    lastTurn: {
      turnId: event.turnId ?? '',
      outcome: event.outcome,
      ...(event.code !== undefined && { code: event.code }),
      ...(event.message !== undefined && { message: event.message }),
    },
  }
}
