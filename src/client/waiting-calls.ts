import type { HumanRequest } from '../contracts/human-request.ts'
import type { CallId } from '../contracts/ids.ts'
import type { CallEntry, CallStep, ConversationView, Entry } from './conversation-view.ts'

/** Whether the call goes on only when this request is answered. */
export function isAskedAbout({ callId, card }: HumanRequest, call: CallId): boolean {
  return callId === call || (card?.calls.some((each) => each.callId === call) ?? false)
}

/** The view in which exactly those running calls wait that an open request is about. */
export function withWaitingCalls(view: ConversationView): ConversationView {
  const entries = view.entries.map((entry): Entry => {
    if (entry.kind !== 'call' || (entry.status !== 'running' && entry.status !== 'waiting')) return entry
    const status = view.requests.some((each) => isAskedAbout(each, entry.id)) ? 'waiting' : 'running'
    return status === entry.status ? entry : { ...entry, status, steps: stepsWhile(status, entry) }
  })
  return { ...view, entries }
}

/** No step runs while the call waits; then it goes on with the first that is left. */
function stepsWhile(status: 'running' | 'waiting', { steps }: CallEntry): CallStep[] {
  const next = steps.findIndex((step) => step.status === 'pending')
  return steps.map((step, index) => {
    if (status === 'waiting') return step.status === 'running' ? { ...step, status: 'pending' } : step
    return index === next ? { ...step, status: 'running' } : step
  })
}
