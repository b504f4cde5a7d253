import type { RateLimiterAbstract } from 'rate-limiter-flexible'

import type { OwnerId } from '../contracts/ids.ts'
import { takePoint } from './take-point.ts'

/** Counts one fork or import: each may be twenty thousand rows. @throws AppError `too_many_requests` */
export async function limitCopies(limiter: RateLimiterAbstract, owner: OwnerId): Promise<void> {
  const message = `An owner may fork and import ${limiter.points} times a minute. Wait.`
  await takePoint(limiter, `copies:${owner}`, message)
}
