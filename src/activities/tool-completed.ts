import type { ToolCallRef } from '../contracts/activity-interface.ts'
import { toolResultTextLimit } from '../contracts/limits.ts'
import type { NewEvent } from '../store/event-log.ts'
import type { CallEnd } from '../store/tool-calls.ts'

/** The one event that ends a call. A large output stays in the store; the event refers to it. */
export function toolCompleted(
  { turnId, callId }: Pick<ToolCallRef, 'turnId' | 'callId'>,
  { status, output, error }: Pick<CallEnd, 'status' | 'output' | 'error'>,
): NewEvent {
  return {
    key: `${callId}:completed`,
    turnId,
    body: {
      type: 'tool.completed',
      callId,
      status,
      ...(output === undefined ? {} : outputOrRef(callId, output)),
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

/** The output itself, or where it is when it is large. */
export function outputOrRef(
  callId: string,
  output: unknown,
  step?: string,
): { output: unknown } | { ref: { callId: string; step?: string; sizeBytes: number } } {
  const sizeBytes = Buffer.byteLength(JSON.stringify(output) ?? '')
  if (sizeBytes <= toolResultTextLimit) return { output }
  return { ref: { callId, ...(step === undefined ? {} : { step }), sizeBytes } }
}
