import type { Event } from '../contracts/event.ts'
import type { ConversationView, OpenRequest } from './conversation-view.ts'

type RequestEvent = Extract<Event, { type: `request.${string}` }>

/** What a human request changes: it is open, or it is not. */
export function applyRequestEvent(view: ConversationView, event: RequestEvent): ConversationView {
  const others = view.requests.filter(({ requestId }) => requestId !== event.requestId)
  if (event.type === 'request.resolved') return { ...view, requests: others }
  const { requestId, kind, callId, expiresAt } = event
  const request: OpenRequest = { requestId, kind, expiresAt, ...(callId !== undefined && { callId }) }
  return { ...view, requests: [...others, request] }
}
