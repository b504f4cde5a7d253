import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'

import type { ToolCallRef } from '../contracts/activity-interface.ts'
import { AppError } from '../contracts/errors.ts'
import { queueNote } from '../store/background-calls.ts'
import type { ActivityServices } from './activity-services.ts'
import { toEndlessRetry, toRetry } from './attempt.ts'

const crowdedPauseMs = 5_000

/** Has the model told of the end of a background call; see `Activities.wakeConversation`. */
export async function wakeConversation(ref: ToolCallRef, services: ActivityServices): Promise<void> {
  const { database, settings, tellNote, logger } = services
  try {
    const note = await queueNote(database, ref, settings.openTurns)
    // Nothing is refused: the note waits for a place among the owner's turns.
    if (note === 'crowded') throw toRetry(crowded(settings.openTurns), 1)
    if (note !== undefined) await tellNote(note)
  } catch (fault) {
    if (fault instanceof ApplicationFailure) throw fault
    logger.warn({ err: fault, callId: ref.callId }, 'a conversation could not be woken yet')
    throw toEndlessRetry(fault, Context.current().info.attempt)
  }
}

function crowded(limit: number): AppError {
  return new AppError('too_many_turns', `${limit} turns of the owner are open.`, {
    retryAfterMs: crowdedPauseMs,
  })
}
