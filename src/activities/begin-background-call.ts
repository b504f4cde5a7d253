import { Context } from '@temporalio/activity'

import type { BackgroundCall } from '../contracts/activity-interface.ts'
import type { CallOutcome, ToolError } from '../contracts/tool-call.ts'
import { beginBackgroundCall as storeBeginning } from '../store/background-calls.ts'
import { finishCall } from '../store/tool-calls.ts'
import type { ActivityServices } from './activity-services.ts'
import { toEndlessRetry } from './attempt.ts'
import { toFailedEnd } from './to-failed-end.ts'
import { toolCompleted } from './tool-completed.ts'
import { decideAgain } from './ungranted-call.ts'

/** Lets a call go on in the background; see `Activities.beginBackgroundCall`. */
export async function beginBackgroundCall(
  call: BackgroundCall,
  services: ActivityServices,
): Promise<CallOutcome> {
  try {
    for (;;) {
      const outcome = await tryToBegin(call, services)
      if (outcome !== undefined) return outcome
    }
  } catch (fault) {
    services.logger.error({ err: fault, callId: call.callId }, 'a background call could not begin yet')
    throw toEndlessRetry(fault, Context.current().info.attempt)
  }
}

/** Undefined: what allows it has changed, and it is tried again. */
async function tryToBegin(
  call: BackgroundCall,
  services: ActivityServices,
): Promise<CallOutcome | undefined> {
  const { database, settings } = services
  const begun = await storeBeginning(database, call, settings.backgroundCalls)
  const { background: _background, call: _call, ...ref } = call
  switch (begun.outcome) {
    case 'running':
      return { status: 'running' }
    case 'done':
      return { status: begun.status }
    // The end of the turn ends it.
    case 'cancelling':
    case 'missing':
      return { status: 'cancelled' }
    case 'ungranted':
      return decideAgain(ref, begun, services)
    case 'full': {
      const end = toFailedEnd('error', tooMany(settings.backgroundCalls))
      return { status: await finishCall(database, ref, end, [toolCompleted(ref, end)]) }
    }
  }
}

function tooMany(limit: number): ToolError {
  return {
    code: 'too_many_background_calls',
    message: `${limit} background calls of this conversation run already. Wait until one ends: a note tells you.`,
    retryable: true,
  }
}
