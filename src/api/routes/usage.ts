import { createRoute, z } from '@hono/zod-openapi'

import { queryInteger } from '../../schemas/query-integer.ts'
import { storable } from '../../schemas/storable.ts'
import { usageReportSchema } from '../../schemas/usage.ts'
import { reportUsage } from '../../store/usage.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, json, problems } from '../open-api.ts'

const query = z.object({
  conversationId: storable(200).optional(),
  turnId: storable(200).optional(),
  days: queryInteger(1, 366)
    .optional()
    .openapi({ description: 'How many days are listed, today among them. Default 30.' }),
})

const usage = createRoute({
  method: 'get',
  path: '/api/usage',
  summary: 'Reports the tokens and the cost of model calls, and what the budgets leave.',
  security: bearer,
  request: { query },
  responses: { 200: json(usageReportSchema, 'What the owner has used.'), ...problems(401, 422, 503) },
})

/** What the owner spends. */
export function usageRoutes({ database, budgets }: ApiServices) {
  return createRouter().openapi(usage, async (context) => {
    const owner = context.get('owner').id
    const { days = 30, ...asked } = context.req.valid('query')
    return context.json(await reportUsage(database, { owner, ...asked, days }, budgets), 200)
  })
}
