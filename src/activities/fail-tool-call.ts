import { Context } from '@temporalio/activity'

import type { FailedCallRef } from '../contracts/activity-interface.ts'
import type { CallOutcome, ToolError } from '../contracts/tool-call.ts'
import { finishCall, readFinishedSteps } from '../store/tool-calls.ts'
import type { ActivityServices } from './activity-services.ts'
import { toEndlessRetry } from './attempt.ts'
import { failedError, stoppedCallError } from './call-errors.ts'
import { toFailedEnd } from './to-failed-end.ts'
import { toolCompleted } from './tool-completed.ts'

/** Writes the result of a call whose activity could not; see `Activities.failToolCall`. */
export async function failToolCall(ref: FailedCallRef, services: ActivityServices): Promise<CallOutcome> {
  const error: ToolError = {
    code: ref.code,
    message: messages[ref.code] ?? 'The tool failed.',
    retryable: false,
  }
  try {
    const steps = await readFinishedSteps(services.database, [ref.callId])
    const end = toFailedEnd(ref.status, error, steps.get(ref.callId))
    return { status: await finishCall(services.database, ref, end, [toolCompleted(ref, end)]) }
  } catch (fault) {
    services.logger.error({ err: fault, turnId: ref.turnId }, 'a turn could not be ended yet')
    throw toEndlessRetry(fault, Context.current().info.attempt)
  }
}

const messages: Record<string, string> = {
  tool_timeout: 'The tool did not end in time.',
  tool_crashed: 'The tool took its worker down.',
  [failedError.code]: failedError.message,
  [stoppedCallError.code]: stoppedCallError.message,
}
