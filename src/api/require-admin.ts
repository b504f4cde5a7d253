import { createHash, timingSafeEqual } from 'node:crypto'

import { createMiddleware } from 'hono/factory'

import { AppError } from '../contracts/errors.ts'
import type { ApiEnv } from './api-env.ts'

/** Lets in whoever knows the operator's key; without a key nobody is one. @throws AppError `unauthorized` */
export function requireAdmin(adminKey: string | undefined) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    const [scheme, key = ''] = (context.req.header('authorization') ?? '').split(' ')
    if (adminKey === undefined || scheme?.toLowerCase() !== 'bearer' || !isSame(key, adminKey)) {
      throw new AppError(
        'unauthorized',
        "This is the operator's: Authorization: Bearer … with the PERDURA_ADMIN_KEY that the api was started with.",
      )
    }
    await next()
  })
}

/** In a time that does not tell how much of it is right. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hashOf(one), hashOf(other))
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
