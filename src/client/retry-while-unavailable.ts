import { ProblemError } from './problem-error.ts'
import { retryDelayMs } from './retry-delay.ts'
import { UnreachableError } from './unreachable-error.ts'
import { waitMs } from './wait-ms.ts'

export type RetryOptions = {
  /** After this long the last error is thrown; in milliseconds, default 60 s. */
  giveUpAfterMs?: number
  /** False: only a server that answers "not now" is asked again; default true. */
  retryUnreachable?: boolean
  signal?: AbortSignal
  /** Told before each pause. */
  onWait?: (error: Error, delayMs: number) => void
}

/**
 * Repeats a request while the server is away or says "not now" (503, 429 with a time to wait).
 * The request must be one that may be repeated: a read, or a write with its id or idempotency key.
 */
export async function retryWhileUnavailable<Answer>(
  request: () => Promise<Answer>,
  options: RetryOptions = {},
): Promise<Answer> {
  const { giveUpAfterMs = 60_000, retryUnreachable = true, signal, onWait } = options
  const endsAt = Date.now() + giveUpAfterMs
  for (let attempt = 0; ; attempt++) {
    try {
      return await request()
    } catch (error) {
      if (!isWorthRetrying(error) || signal?.aborted) throw error
      if (!retryUnreachable && error instanceof UnreachableError) throw error
      const atLeastMs = error instanceof ProblemError ? error.retryAfterMs : undefined
      const delayMs = retryDelayMs(attempt, { atLeastMs })
      if (Date.now() + delayMs > endsAt) throw error
      onWait?.(error, delayMs)
      await waitMs(delayMs, signal)
    }
  }
}

/** Whether the same request may succeed later without anybody changing anything. */
export function isWorthRetrying(error: unknown): error is Error {
  if (error instanceof UnreachableError) return true
  if (!(error instanceof ProblemError)) return false
  if (error.status === 429) return error.retryAfterMs !== undefined
  return error.status === 408 || error.status === 502 || error.status === 503 || error.status === 504
}
