import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'

import type { ApiMetrics } from '../ops/metrics.ts'
import type { ApiEnv } from './api-env.ts'

/** Counts each answer by the pattern of its route; `none` for paths that are nothing. */
export function countRequests({ countRequest }: ApiMetrics) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    await next()
    // Middleware stands among the matches, under patterns that end in a star.
    const route = matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'none'
    countRequest({ method: context.req.method, route, status: context.res.status })
  })
}
