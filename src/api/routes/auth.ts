import { createRoute, z } from '@hono/zod-openapi'
import { getConnInfo } from '@hono/node-server/conninfo'
import { ownerSchema } from '../../schemas/conversation.ts'
import { createGuest, deleteToken } from '../../store/owners.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, json, problems } from '../open-api.ts'
import { takePoint } from '../take-point.ts'

const loginSchema = z
  .object({ token: z.string(), owner: ownerSchema, expiresAt: z.iso.datetime() })
  .openapi('Login')

const guest = createRoute({
  method: 'post',
  path: '/api/auth/guest',
  summary: 'Creates a guest owner with a token.',
  responses: { 201: json(loginSchema, 'The new owner.'), ...problems(429, 503) },
})
const me = createRoute({
  method: 'get',
  path: '/api/auth/me',
  summary: 'Says for whom the token acts.',
  security: bearer,
  responses: { 200: json(ownerSchema, 'The owner.'), ...problems(401) },
})
const logout = createRoute({
  method: 'post',
  path: '/api/auth/logout',
  summary: 'Makes the token worthless.',
  security: bearer,
  responses: { 204: { description: 'Done.' }, ...problems(401) },
})

const dayMs = 86_400_000

/** Owners and their tokens. */
export function authRoutes({ database, guestLimiter, settings }: ApiServices) {
  return createRouter()
    .openapi(guest, async (context) => {
      const address = getConnInfo(context).remote.address ?? 'unknown'
      await takePoint(guestLimiter, `guest:${address}`, tooManyGuests)
      return context.json(await createGuest(database, settings.tokenTtlMs / dayMs), 201)
    })
    .openapi(me, (context) => context.json(context.get('owner'), 200))
    .openapi(logout, async (context) => {
      await deleteToken(database, context.get('token'))
      return context.body(null, 204)
    })
}

const tooManyGuests = 'Too many guests come from this address. Wait, or keep the token you have.'
