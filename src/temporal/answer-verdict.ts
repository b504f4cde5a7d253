import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'

import { AppError } from '../contracts/errors.ts'
import type { RequestOutcome } from '../contracts/human-request.ts'
import { requestOutcomeSchema } from '../schemas/human-request.ts'
import { isExhausted, isTaskRetried, temporalUnavailable, toTemporalError } from './temporal-error.ts'

/**
 * What a workflow said about an answer. `unknown`: it does not know the request, or cannot say so now; `gone`:
 * there is no workflow any more.
 */
export type AnswerVerdict =
  | { kind: 'accepted' }
  | { kind: 'resolved'; outcome: RequestOutcome }
  | { kind: 'unknown' }
  | { kind: 'gone' }

/** Reads what became of an update from what it threw. @throws whatever is no verdict */
export async function toAnswerVerdict(
  error: unknown,
  isReachable: () => Promise<boolean>,
): Promise<AnswerVerdict> {
  if (error instanceof WorkflowNotFoundError) return { kind: 'gone' }
  if (error instanceof WorkflowUpdateFailedError) return toRefusal(error)
  if (isTaskRetried(error)) return { kind: 'unknown' }
  // Ten updates of one workflow may be under way: when they stay there, nobody takes them.
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isExhausted(error)) {
    throw (await isReachable()) ? noWorker(error) : temporalUnavailable(error)
  }
  throw toTemporalError(error)
}

function toRefusal(error: WorkflowUpdateFailedError): AnswerVerdict {
  const { cause } = error
  if (!(cause instanceof ApplicationFailure)) throw error
  const refusal: string = cause.type ?? ''
  switch (refusal) {
    case 'request_unknown':
      return { kind: 'unknown' }
    case 'request_expired':
      return { kind: 'resolved', outcome: 'expired' }
    case 'request_resolved':
      return { kind: 'resolved', outcome: requestOutcomeSchema.parse(cause.details?.[0]) }
    default:
      throw error
  }
}

/** No worker took an answer in time. */
export function noWorker(cause?: unknown): AppError {
  return new AppError(
    'no_worker',
    'No worker took the answer in time. Repeat it: it is the same answer and counts once.',
    { cause, retryAfterMs: 2_000 },
  )
}
