import { createMiddleware } from 'hono/factory'

import { importSizeLimitBytes } from '../contracts/limits.ts'
import type { ApiEnv } from './api-env.ts'
import { hasBody } from './request-middleware.ts'

/** Bytes and time that the server takes for the rest of a body that it has refused. */
export type ReadOutBounds = { bytes: number; timeMs: number }

/** Less time than a stop of the api leaves to its requests. */
const defaultBounds: ReadOutBounds = { bytes: 2 * importSizeLimitBytes, timeMs: 4_000 }

/**
 * Reads what is left of a body before its refusal is sent. A client that still writes would meet a closed
 * connection instead of the answer. What is longer or slower than the bounds is cut off with its connection.
 */
export function readOutRefused(bounds = defaultBounds) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    await next()
    const { req, res, env } = context
    if (res.status < 400 || !hasBody(req) || env.incoming.readableEnded) return
    if (!(await readOut(req.raw.body, bounds))) context.header('connection', 'close')
  })
}

/** Whether the body was read to its end. */
async function readOut(body: ReadableStream<Uint8Array> | null, bounds: ReadOutBounds): Promise<boolean> {
  if (body === null || body.locked) return false
  const reader = body.getReader()
  const { promise: isLate, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), bounds.timeMs)
  try {
    for (let leftBytes = bounds.bytes; leftBytes >= 0;) {
      const read = await Promise.race([reader.read(), isLate])
      if (read === undefined) return false
      if (read.done) return true
      leftBytes -= read.value.length
    }
    return false
  } catch {
    // The client went away: there is nobody to answer.
    return false
  } finally {
    clearTimeout(timer)
  }
}
