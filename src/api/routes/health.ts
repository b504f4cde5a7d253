import { createRoute, z } from '@hono/zod-openapi'

import type { ApiServices } from '../api-services.ts'
import { createRouter, json } from '../open-api.ts'

const readySchema = z.object({
  status: z.enum(['ok', 'unavailable']),
  database: z.boolean(),
  temporal: z.boolean(),
  accepting: z.boolean(),
})

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'The process lives.',
  responses: { 200: json(z.object({ status: z.literal('ok') }), 'Always.') },
})
const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'The process can work: it takes requests, and its servers answer.',
  responses: { 200: json(readySchema, 'Ready.'), 503: json(readySchema, 'Not now.') },
})

/** For load balancers and launchers; open to all. */
export function healthRoutes({ database, workflows, isAccepting }: ApiServices) {
  return createRouter()
    .openapi(healthz, (context) => context.json({ status: 'ok' as const }, 200))
    .openapi(readyz, async (context) => {
      const [databaseAnswers, temporal] = await Promise.all([
        database.rows('ping', 'select 1').then(
          () => true,
          () => false,
        ),
        workflows.isReachable(),
      ])
      const facts = { database: databaseAnswers, temporal, accepting: isAccepting() }
      const ok = Object.values(facts).every(Boolean)
      return ok
        ? context.json({ status: 'ok' as const, ...facts }, 200)
        : context.json({ status: 'unavailable' as const, ...facts }, 503)
    })
}
