import type { Event } from '../contracts/event.ts'
import type { CallEntry, CallStep, ConversationView } from './conversation-view.ts'
import { findCall, putEntry } from './entry-list.ts'
import { isAskedAbout } from './waiting-calls.ts'

type ToolEvent = Extract<Event, { type: `tool.${string}` }>
type EventOf<Type extends ToolEvent['type']> = Extract<ToolEvent, { type: Type }>

/** What a tool event changes: the call's steps, its progress, its end. */
export function applyToolEvent(view: ConversationView, event: ToolEvent): ConversationView {
  const before = findCall(view, event.callId) ?? unknownCall(event)
  switch (event.type) {
    case 'tool.started':
      return putEntry(event.background ? view : { ...view, state: 'tools' }, startedCall(view, event))
    case 'tool.step':
      return putEntry(view, afterStep(before, event))
    case 'tool.progress':
      return isOpen(before) ? putEntry(view, withProgress(before, event)) : view
    case 'tool.completed':
      return putEntry(view, completedCall(before, event))
  }
}

function startedCall(view: ConversationView, event: EventOf<'tool.started'>): CallEntry {
  const steps = (event.steps ?? []).map((name, index): CallStep => ({
    name,
    status: index === 0 ? 'running' : 'pending',
  }))
  return {
    ...unknownCall(event),
    status: view.requests.some((request) => isAskedAbout(request, event.callId)) ? 'waiting' : 'running',
    name: event.name,
    title: event.title,
    effect: event.effect,
    input: event.input,
    background: event.background,
    steps,
    ...(event.permission && { permission: event.permission }),
    ...(steps.length > 0 && { stepIndex: 0, stepCount: steps.length }),
  }
}

/** The step's result; the progress that stood there was the old step's. */
function afterStep(call: CallEntry, event: EventOf<'tool.step'>): CallEntry {
  const { fraction: _fraction, message: _message, ...rest } = call
  const done: CallStep = {
    name: event.step,
    status: event.status,
    ...(event.output !== undefined && { output: event.output }),
  }
  const next = event.stepIndex + 1
  const goesOn = event.status === 'ok' && isOpen(call)
  const steps = call.steps.map((step, index): CallStep => {
    if (index === event.stepIndex) return done
    return goesOn && index === next && step.status === 'pending' ? { ...step, status: 'running' } : step
  })
  return { ...rest, steps, stepIndex: goesOn && next < steps.length ? next : event.stepIndex }
}

function withProgress(call: CallEntry, event: EventOf<'tool.progress'>): CallEntry {
  const { fraction: _fraction, message: _message, ...rest } = call
  return {
    ...rest,
    steps: call.steps.map((step, index): CallStep => {
      return index === event.stepIndex && step.status === 'pending' ? { ...step, status: 'running' } : step
    }),
    ...(event.stepIndex !== undefined && { stepIndex: event.stepIndex }),
    ...(event.stepCount !== undefined && { stepCount: event.stepCount }),
    ...(event.fraction !== undefined && { fraction: event.fraction }),
    ...(event.message !== undefined && { message: event.message }),
  }
}

function completedCall(call: CallEntry, event: EventOf<'tool.completed'>): CallEntry {
  const { fraction: _fraction, message: _message, ...rest } = call
  const left = event.status === 'ok' || event.status === 'cancelled' ? event.status : 'error'
  return {
    ...rest,
    status: event.status,
    steps: call.steps.map((step) => (step.status === 'running' ? { ...step, status: left } : step)),
    endedAt: event.ts,
    ...(event.output !== undefined && { output: event.output }),
    ...(event.ref !== undefined && { ref: event.ref }),
    ...(event.error !== undefined && { error: event.error }),
  }
}

function isOpen({ status }: CallEntry): boolean {
  return status === 'running' || status === 'waiting'
}

/** A reader that starts in the middle may meet a call whose start it has not seen. */
function unknownCall(event: ToolEvent): CallEntry {
  return {
    kind: 'call',
    id: event.callId,
    name: 'tool',
    title: 'tool',
    status: 'running',
    background: false,
    steps: [],
    startedAt: event.ts,
    ...(event.turnId !== undefined && { turnId: event.turnId }),
  }
}
