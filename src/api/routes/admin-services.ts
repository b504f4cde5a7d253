import { createRoute, z } from '@hono/zod-openapi'

import { serviceStatusSchema } from '../../schemas/services.ts'
import { readServiceReports } from '../../store/services.ts'
import type { ApiServices } from '../api-services.ts'
import { adminKey, createRouter, json, problems } from '../open-api.ts'
import { toServiceStatuses } from '../to-service-statuses.ts'

const services = createRoute({
  method: 'get',
  path: '/api/admin/services',
  summary: 'For operators: what the workers ask of model providers and chains, and how that goes.',
  security: adminKey,
  responses: {
    200: json(
      z.object({ services: z.array(serviceStatusSchema) }),
      'Each service that a living worker has, as of two seconds ago at most.',
    ),
    ...problems(401, 404, 503),
  },
})

/** For operators, by a key of their own. */
export function adminServiceRoutes({ database }: ApiServices) {
  return createRouter().openapi(services, async (context) =>
    context.json({ services: toServiceStatuses(await readServiceReports(database)) }, 200),
  )
}
