import {
  Connection,
  defaultGrpcRetryOptions,
  type GrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client'

import type { TemporalConfig } from '../ops/config.ts'
import { grpcStatus } from './grpc-status.ts'
import { readTemporalOptions, reconnectSoon } from './temporal-options.ts'

const longestPauseMs = 500
const mostTries = 20

/** Opens the connection of an api process; connects with the first call. */
export async function connectTemporal(config: TemporalConfig & { address: string }): Promise<Connection> {
  return Connection.lazy({
    ...(await readTemporalOptions(config)),
    ...reconnectSoon,
    interceptors: [makeGrpcRetryInterceptor(retrySoon())],
  })
}

/**
 * Somebody waits for each of these calls. A workflow that has no room for an update has some within
 * milliseconds; the default waits 1.7 s before it looks again. Whoever comes at once must not come back at once.
 */
function retrySoon(): GrpcRetryOptions {
  const usual = defaultGrpcRetryOptions({ maxAttempts: mostTries })
  return {
    retryableDecider: (attempt, status) => usual.retryableDecider(attempt, status),
    delayFunction: (attempt, status) =>
      status.code === grpcStatus.resourceExhausted
        ? Math.min(longestPauseMs, 30 * 1.6 ** attempt) * (0.2 + Math.random())
        : Math.min(longestPauseMs, usual.delayFunction(attempt, status)),
  }
}
