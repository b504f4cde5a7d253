import { createRoute, z } from '@hono/zod-openapi'

import { grantSchema } from '../../schemas/permission.ts'
import { listGrants, revokeGrant } from '../../store/grants.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, idParams, json, problems } from '../open-api.ts'

const list = createRoute({
  method: 'get',
  path: '/api/grants',
  summary: 'Lists the standing permissions that hold, the latest first.',
  security: bearer,
  responses: {
    200: json(z.object({ grants: z.array(grantSchema) }), 'The grants.'),
    ...problems(401, 503),
  },
})
const revoke = createRoute({
  method: 'delete',
  path: '/api/grants/{id}',
  summary: 'Revokes a standing permission; calls that run already go on. Repeating it changes nothing.',
  security: bearer,
  request: { params: idParams },
  responses: { 204: { description: 'It allows nothing any more.' }, ...problems(401, 404, 503) },
})

/** Standing permissions of the owner. */
export function grantRoutes({ database }: ApiServices) {
  return createRouter()
    .openapi(list, async (context) =>
      context.json({ grants: await listGrants(database, context.get('owner').id) }, 200),
    )
    .openapi(revoke, async (context) => {
      await revokeGrant(database, context.get('owner').id, context.req.valid('param').id)
      return context.body(null, 204)
    })
}
