import { createMiddleware } from 'hono/factory'

import { AppError } from '../contracts/errors.ts'
import { findOwnerByToken } from '../store/owners.ts'
import type { Database } from '../store/database.ts'
import type { ApiEnv } from './api-env.ts'

/** Finds out for whom a request acts. @throws AppError `unauthorized` */
export function authenticate(database: Database) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    const [scheme, token] = (context.req.header('authorization') ?? '').split(' ')
    const owner =
      scheme?.toLowerCase() === 'bearer' && token ? await findOwnerByToken(database, token) : undefined
    if (owner === undefined || !token) {
      throw new AppError(
        'unauthorized',
        'This needs a valid token: Authorization: Bearer … Get one with POST /api/auth/guest.',
      )
    }
    context.set('owner', owner)
    context.set('token', token)
    await next()
  })
}
