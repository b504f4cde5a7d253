import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { OutputRef } from '../contracts/event.ts'
import type { TurnId } from '../contracts/ids.ts'
import { inlineOutputLimitBytes } from '../contracts/limits.ts'
import type { NewEvent } from '../store/event-log.ts'
import type { CallEnd } from '../store/tool-calls.ts'

type EventRef = Pick<ToolCallRef, 'turnId' | 'callId' | 'background'>

/** The turn that an event of a call is part of: none, when the call outlives its turn. */
export function eventTurnOf({ turnId, background }: Omit<EventRef, 'callId'>): TurnId | null {
  return background === true ? null : turnId
}

/** The one event that ends a call. A large output stays in the store; the event refers to it. */
export function toolCompleted(
  { callId, ...ref }: EventRef,
  { status, output, large, error }: Pick<CallEnd, 'status' | 'output' | 'large' | 'error'>,
): NewEvent {
  return {
    key: `${callId}:completed`,
    turnId: eventTurnOf(ref),
    body: {
      type: 'tool.completed',
      callId,
      status,
      ...(output === undefined ? {} : { output }),
      ...(large === undefined ? {} : { ref: { callId, sizeBytes: large.sizeBytes } }),
      ...(error === null ? {} : { error }),
    },
  }
}

/** The event of a step that failed or was stopped, with its call. */
export function stepEnded(
  { callId, ...ref }: EventRef,
  step: { index: number; name: string },
  { status }: Pick<CallEnd, 'status'>,
): NewEvent {
  return {
    key: `${callId}:step${step.index}`,
    turnId: eventTurnOf(ref),
    body: {
      type: 'tool.step',
      callId,
      step: step.name,
      stepIndex: step.index,
      status: status === 'cancelled' ? 'cancelled' : 'error',
    },
  }
}

/** The output of a step, or how large it is. */
export function stepOutputOrRef(
  callId: string,
  step: string,
  { output, sizeBytes }: { output: unknown; sizeBytes: number },
): { output: unknown } | { ref: OutputRef } {
  return sizeBytes <= inlineOutputLimitBytes ? { output } : { ref: { callId, step, sizeBytes } }
}
