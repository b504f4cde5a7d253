import { randomUUID } from 'node:crypto'

import type { HonoRequest } from 'hono'
import { createMiddleware } from 'hono/factory'

import { AppError } from '../contracts/errors.ts'
import type { Logger } from '../ops/logger.ts'
import type { ApiEnv } from './api-env.ts'

/** Gives each request an id and a log line. */
export function withRequestId(logger: Logger) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    const requestId = randomUUID()
    context.set('requestId', requestId)
    context.set('logger', logger.child({ requestId }))
    context.header('x-request-id', requestId)
    const startedMs = performance.now()
    await next()
    const durationMs = Math.round(performance.now() - startedMs)
    const { method, path } = context.req
    context.get('logger').debug({ method, path, status: context.res.status, durationMs }, 'request')
  })
}

/**
 * Headers that keep a browser from doing more with an answer than it should: no guessing of types, no frames,
 * no scripts, no address passed on, nothing kept. A route that needs another value sets it.
 */
export const withSecurityHeaders = createMiddleware<ApiEnv>(async (context, next) => {
  context.header('x-content-type-options', 'nosniff')
  context.header('referrer-policy', 'no-referrer')
  context.header('cross-origin-resource-policy', 'same-origin')
  context.header('content-security-policy', contentSecurityPolicy)
  context.header('cache-control', 'no-store')
  await next()
})

const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const localHosts = ['localhost', '127.0.0.1', '[::1]', '::1']

/**
 * Refuses requests that name another host: a page on the internet could otherwise reach a local server through
 * DNS rebinding. A server bound to a public address with no list of hosts accepts any.
 */
export function checkHost(bound: string, allowed: readonly string[]) {
  const isLocal = localHosts.includes(bound)
  const names = new Set([...localHosts, bound, ...allowed].map((name) => name.toLowerCase()))
  return createMiddleware<ApiEnv>(async (context, next) => {
    const host = context.req.header('host') ?? ''
    const name = host.replace(/:\d+$/, '').toLowerCase()
    if ((isLocal || allowed.length > 0) && !names.has(name) && !names.has(host.toLowerCase())) {
      throw new AppError(
        'host_not_allowed',
        `Host ${name.slice(0, 100)} is not served here. Add it to PERDURA_ALLOWED_HOSTS.`,
      )
    }
    await next()
  })
}

/** Whether a request says that a body follows. */
export function hasBody(request: HonoRequest): boolean {
  return (
    Number(request.header('content-length') ?? 0) > 0 || request.header('transfer-encoding') !== undefined
  )
}

/** Refuses bodies that are not JSON before anything looks at them. */
export const requireJson = createMiddleware<ApiEnv>(async (context, next) => {
  const type = context.req.header('content-type') ?? ''
  if (hasBody(context.req) && !/^application\/json(;|$)/i.test(type)) throw notJson()
  await next()
})

/** The answer to a body that is no JSON. */
export function notJson(): AppError {
  return new AppError('unsupported_media_type', 'Send the body as JSON, with Content-Type: application/json.')
}

/** Refuses new work while the process is being stopped, and sends the clients of what still runs elsewhere. */
export function refuseWhenStopping(isAccepting: () => boolean) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    const isRefused = !isAccepting()
    if (!isRefused) await next()
    if (!isAccepting()) context.header('connection', 'close')
    if (isRefused) throw stopping()
  })
}

/** The answer to what comes while the process is being stopped. */
export function stopping(): AppError {
  return new AppError('shutting_down', 'This server is being stopped. Repeat the request.', {
    retryAfterMs: 1_000,
  })
}
