import type { Event } from '../contracts/event.ts'
import type { HumanRequest } from '../contracts/human-request.ts'
import type { ConversationView } from './conversation-view.ts'
import { withWaitingCalls } from './waiting-calls.ts'

type RequestEvent = Extract<Event, { type: `request.${string}` }>
type EventOf<Type extends RequestEvent['type']> = Extract<RequestEvent, { type: Type }>

/** How many resolved requests a view keeps. */
const resolvedLimit = 50

/** What a human request changes: it is open and calls wait for it, or it is not. */
export function applyRequestEvent(view: ConversationView, event: RequestEvent): ConversationView {
  switch (event.type) {
    case 'request.opened':
      return withWaitingCalls({
        ...view,
        requests: [...othersThan(event.requestId, view.requests), openedRequest(event)],
      })
    case 'request.resolved':
      return withWaitingCalls(resolveRequest(view, event))
  }
}

function resolveRequest(view: ConversationView, event: EventOf<'request.resolved'>): ConversationView {
  const { requestId, outcome, by, ts, decisions } = event
  const request = view.requests.find((each) => each.requestId === requestId)
  if (!request) return view
  const known = othersThan(requestId, view.resolved)
  const came = { outcome, by, resolvedAt: ts, ...(decisions && { decisions }) }
  return {
    ...view,
    requests: othersThan(requestId, view.requests),
    resolved: [...known, { ...request, ...came }].slice(-resolvedLimit),
  }
}

function othersThan<Request extends HumanRequest>(
  requestId: string,
  requests: readonly Request[],
): Request[] {
  return requests.filter((each) => each.requestId !== requestId)
}

function openedRequest(event: EventOf<'request.opened'>): HumanRequest {
  const { v: _v, seq: _seq, type: _type, ts, turnId = '', ...request } = event
  return { ...request, turnId, openedAt: ts }
}
