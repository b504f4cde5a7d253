import { AppError } from '../../contracts/errors.ts'
import type { EventBody } from '../../contracts/event.ts'
import { answerIdOf } from '../../contracts/ids.ts'
import type { RoundOutcome, RoundRef, TurnOutcomeKind } from '../../contracts/turn.ts'
import type { NewEvent } from '../../store/event-log.ts'
import { isBudgetCode } from '../../store/ledger.ts'
import { finishTurn } from '../../store/turns.ts'
import type { ActivityServices } from '../activity-services.ts'
import { turnEndMessages } from '../turn-end-messages.ts'

type End = { outcome: TurnOutcomeKind; code?: string; message?: string }

/** Writes the end of a turn that was asked to sum up. Repeating it changes nothing. */
export async function endCompactionTurn(
  { conversationId, turnId, round }: RoundRef,
  done: 'done' | 'stopped' | AppError,
  { database }: ActivityServices,
): Promise<RoundOutcome> {
  const end = toEnd(done)
  const keyed = (key: string, body: EventBody): NewEvent => ({ key, turnId, body })
  await finishTurn(database, {
    conversationId,
    turnId,
    openCallStatus: 'error',
    openCalls: [],
    events: [
      keyed(`${answerIdOf(turnId, round)}:finished`, {
        type: 'round.finished',
        round,
        reason: toReason(end),
      }),
      keyed(`${turnId}:idle`, { type: 'conversation.updated', state: 'idle' }),
      keyed(`${turnId}:finished`, { type: 'turn.finished', ...end }),
    ],
  })
  const { message: _message, ...outcome } = end
  return { kind: 'finished', ...outcome }
}

function toEnd(done: 'done' | 'stopped' | AppError): End {
  if (done === 'done') return { outcome: 'success' }
  if (done === 'stopped') return { outcome: 'cancelled', code: 'stopped', message: turnEndMessages.stopped }
  if (isBudgetCode(done.code)) return { outcome: 'limit', code: done.code, message: done.message }
  return {
    outcome: 'error',
    code: 'compaction_failed',
    message: `The conversation could not be summed up (${done.code}) and stays as it is. Try again.`,
  }
}

function toReason({ outcome }: End): 'stop' | 'cancelled' | 'error' {
  if (outcome === 'success') return 'stop'
  return outcome === 'cancelled' ? 'cancelled' : 'error'
}
