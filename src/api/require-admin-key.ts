import { createHash, timingSafeEqual } from 'node:crypto'

import { createMiddleware } from 'hono/factory'

import { AppError } from '../contracts/errors.ts'
import type { ApiEnv } from './api-env.ts'

/**
 * Lets in who has the operator's key. How long a comparison takes tells nothing of the key.
 * @throws AppError `not_found` when this deployment has none, `unauthorized`
 */
export function requireAdminKey(key: string | undefined) {
  const expected = key === undefined ? undefined : toDigest(key)
  return createMiddleware<ApiEnv>(async (context, next) => {
    if (expected === undefined) {
      throw new AppError(
        'not_found',
        'There are no routes for operators here. Set PERDURA_ADMIN_KEY for them.',
      )
    }
    const [scheme = '', given = ''] = (context.req.header('authorization') ?? '').split(' ')
    if (scheme.toLowerCase() !== 'bearer' || !timingSafeEqual(toDigest(given), expected)) {
      throw new AppError('unauthorized', 'This needs the key of PERDURA_ADMIN_KEY: Authorization: Bearer …')
    }
    await next()
  })
}

function toDigest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
