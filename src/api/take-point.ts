import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible'

import { AppError } from '../contracts/errors.ts'
import { toDatabaseError } from '../store/database-error.ts'

/** Counts one request. @throws AppError `too_many_requests` with this message when there were too many */
export async function takePoint(limiter: RateLimiterAbstract, key: string, message: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw toDatabaseError(refusal)
    throw new AppError('too_many_requests', message, { retryAfterMs: refusal.msBeforeNext })
  }
}
