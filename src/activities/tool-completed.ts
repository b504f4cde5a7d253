import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { OutputRef } from '../contracts/event.ts'
import { inlineOutputLimitBytes } from '../contracts/limits.ts'
import type { NewEvent } from '../store/event-log.ts'
import type { CallEnd } from '../store/tool-calls.ts'

/** The one event that ends a call. A large output stays in the store; the event refers to it. */
export function toolCompleted(
  { turnId, callId }: Pick<ToolCallRef, 'turnId' | 'callId'>,
  { status, output, large, error }: Pick<CallEnd, 'status' | 'output' | 'large' | 'error'>,
): NewEvent {
  return {
    key: `${callId}:completed`,
    turnId,
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
  { turnId, callId }: Pick<ToolCallRef, 'turnId' | 'callId'>,
  step: { index: number; name: string },
  { status }: Pick<CallEnd, 'status'>,
): NewEvent {
  return {
    key: `${callId}:step${step.index}`,
    turnId,
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
