import { isGrpcServiceError } from '@temporalio/client'

import { AppError } from '../contracts/errors.ts'
import { grpcStatus } from './grpc-status.ts'

const { deadlineExceeded, failedPrecondition, resourceExhausted, unavailable } = grpcStatus

/** Translates an error of the client: a server that cannot be reached becomes `temporal_unavailable`. */
export function toTemporalError(error: unknown): unknown {
  return hasCode(error, [deadlineExceeded, resourceExhausted, unavailable])
    ? temporalUnavailable(error)
    : error
}

export function temporalUnavailable(cause?: unknown): AppError {
  return new AppError(
    'temporal_unavailable',
    'The workflow server does not answer. Repeat the request: it counts once.',
    { cause, retryAfterMs: 1_000 },
  )
}

/** Too much is under way for one workflow, or for the whole server. */
export function isExhausted(error: unknown): boolean {
  return hasCode(error, [resourceExhausted])
}

/** The workflow's task has failed and is tried again: an update is not taken meanwhile. */
export function isTaskRetried(error: unknown): boolean {
  return hasCode(error, [failedPrecondition])
}

function hasCode(error: unknown, codes: readonly number[]): boolean {
  if (!(error instanceof Error)) return false
  if (isGrpcServiceError(error)) return codes.includes(error.code)
  return error.cause !== undefined && hasCode(error.cause, codes)
}
