import { Context } from '@temporalio/activity'

import type { FinishTurnRef } from '../contracts/activity-interface.ts'
import type { CallId } from '../contracts/ids.ts'
import type { ToolError } from '../contracts/tool-call.ts'
import { beginRound } from '../store/rounds.ts'
import { readFinishedSteps } from '../store/tool-calls.ts'
import { finishTurn as storeEnd, listOpenCalls, type OpenCallEnd } from '../store/turns.ts'
import type { ActivityServices } from './activity-services.ts'
import { toEndlessRetry } from './attempt.ts'
import { stoppedError } from './call-errors.ts'
import { toFailedEnd } from './to-failed-end.ts'
import { toolCompleted } from './tool-completed.ts'
import { turnEndMessages } from './turn-end-messages.ts'

/** Writes the end of a turn that no model call has written; see `Activities.finishTurn`. */
export async function finishTurn(ref: FinishTurnRef, services: ActivityServices): Promise<void> {
  const { database, prompt } = services
  const { conversationId, turnId, outcome, code } = ref
  try {
    // A turn that was stopped before its first round is begun here, so that its message is answered by name.
    await beginRound(database, { ...ref, round: 0 }, { promptHash: prompt.hash })
    const status = outcome === 'cancelled' ? 'cancelled' : 'error'
    const openCalls = await listOpenCalls(database, turnId)
    const steps = await readFinishedSteps(database, openCalls)
    await storeEnd(database, {
      conversationId,
      turnId,
      openCallStatus: status,
      openCalls: openCalls.map((callId) => endOf({ callId, steps: steps.get(callId) }, ref, status)),
      events: [
        {
          key: `${turnId}:idle`,
          turnId,
          body: { type: 'conversation.updated', state: 'idle' },
        },
        {
          key: `${turnId}:finished`,
          turnId,
          body: {
            type: 'turn.finished',
            outcome,
            ...(code === undefined ? {} : { code }),
            ...(code !== undefined && messages[code] !== undefined ? { message: messages[code] } : {}),
          },
        },
      ],
    })
  } catch (fault) {
    services.logger.error({ err: fault, turnId: ref.turnId }, 'a turn could not be ended yet')
    throw toEndlessRetry(fault, Context.current().info.attempt)
  }
}

function endOf(
  { callId, steps }: { callId: CallId; steps: Record<string, unknown> | undefined },
  { turnId, code }: FinishTurnRef,
  status: 'cancelled' | 'error',
): OpenCallEnd {
  const error: ToolError = {
    code: code ?? stoppedError.code,
    message: status === 'cancelled' ? stoppedError.message : 'The turn ended before the tool did.',
    retryable: true,
  }
  const end = toFailedEnd(status, error, steps)
  return { callId, error, text: end.text, event: toolCompleted({ turnId, callId }, end) }
}

const messages: Readonly<Record<string, string>> = turnEndMessages
