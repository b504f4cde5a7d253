import { createMiddleware } from 'hono/factory'
import type { RateLimiterAbstract } from 'rate-limiter-flexible'

import type { ApiEnv } from './api-env.ts'
import { takePoint } from './take-point.ts'

/** Counts an owner's requests, whichever api process they come to. @throws AppError `too_many_requests` */
export function limitRequests(limiter: RateLimiterAbstract) {
  const message = `An owner may make ${limiter.points} requests a minute. Wait, or follow events instead of asking.`
  return createMiddleware<ApiEnv>(async (context, next) => {
    await takePoint(limiter, `owner:${context.get('owner').id}`, message)
    await next()
  })
}
