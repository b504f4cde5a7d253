import { ApplicationFailure } from '@temporalio/common'

import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { ActivityScope } from './activity-scope.ts'
import type { ActivitySettings } from './activity-services.ts'

/** Codes of faults that may pass by themselves. The only place that decides about retries. */
const transientCodes: ReadonlySet<ErrorCode> = new Set([
  'database_unavailable',
  'model_rate_limited',
  'model_unavailable',
  'model_stream_cut',
  'model_silent',
  'model_timeout',
  'model_garbage',
  'chain_unavailable',
  'service_busy',
  'service_unavailable',
  'tool_timeout',
  'shutting_down',
])

export function isTransient(error: unknown): error is AppError {
  return error instanceof AppError && transientCodes.has(error.code)
}

/** Not the fault of what was tried: a try that meets one is not counted. */
export function isOutage({ code }: AppError): boolean {
  return code === 'database_unavailable' || code === 'shutting_down' || code === 'service_busy'
}

/** A service was asked often enough, or is known to be down: the model may ask again, the activity does not. */
export function isTriedOut({ details }: AppError): boolean {
  return details['tries'] !== undefined || details['circuit'] === 'open'
}

/**
 * Whether another try of a model call may do better: a fault that may pass, as often as the configuration says. Counts
 * this one as failed, except when it was an outage.
 */
export function mayTryAgain(
  error: unknown,
  scope: Pick<ActivityScope, 'failedTries' | 'countFailedTry'>,
  { modelTries }: Pick<ActivitySettings, 'modelTries'>,
): error is AppError {
  if (!isTransient(error)) return false
  if (isOutage(error)) return true
  if (scope.failedTries + 1 >= modelTries) return false
  scope.countFailedTry()
  return true
}

const firstPauseMs = 500
const longestPauseMs = 30_000

/** The failure that makes Temporal repeat the activity, after what the service asked for or a growing pause. */
export function toRetry(error: AppError, failedTries: number): ApplicationFailure {
  const pauseMs = Math.min(firstPauseMs * 2 ** Math.max(failedTries - 1, 0), longestPauseMs)
  return ApplicationFailure.create({
    type: error.code,
    // The message stands in the history: the code says enough, and a message may quote content.
    message: error.code,
    nonRetryable: false,
    // Temporal takes a delay of zero for none at all, and gives the activity up.
    nextRetryDelay: Math.max(1, Math.min(error.retryAfterMs ?? pauseMs, 10 * longestPauseMs)),
  })
}

/** The failure that an activity leaves with: one that is decided already, another try, or the end. */
export function toActivityFailure(error: unknown, failedTries: number): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error
  return isTransient(error) ? toRetry(error, failedTries) : toFinalFailure(error)
}

/** The failure of a write that must succeed in the end, whatever stands in its way now. */
export function toEndlessRetry(error: unknown, failedTries: number): ApplicationFailure {
  if (isTransient(error)) return toRetry(error, failedTries)
  return toRetry(new AppError('internal', 'A write failed and is repeated.', { cause: error }), failedTries)
}

/** The failure that ends the activity for good; a fault of the program. */
function toFinalFailure(error: unknown): ApplicationFailure {
  const code = error instanceof AppError ? error.code : 'internal'
  return ApplicationFailure.create({ type: code, message: code, nonRetryable: true })
}
