import { createRoute, z } from '@hono/zod-openapi'

import {
  humanRequestSchema,
  requestOutcomeSchema,
  requestResponseSchema,
} from '../../schemas/human-request.ts'
import { storable } from '../../schemas/storable.ts'
import { listRequests } from '../../store/requests.ts'
import type { ApiServices } from '../api-services.ts'
import { giveAnswer } from '../give-answer.ts'
import { bearer, createRouter, idParams, json, jsonBody, problems } from '../open-api.ts'

const list = createRoute({
  method: 'get',
  path: '/api/requests',
  summary: 'Lists what people are asked for: the oldest open request first, closed ones behind, 500 at most.',
  security: bearer,
  request: {
    query: z.object({
      open: z.enum(['true', 'false']).optional().openapi({ description: 'true: without closed ones.' }),
      conversationId: storable(200).optional(),
    }),
  },
  responses: {
    200: json(z.object({ requests: z.array(humanRequestSchema) }), 'The requests.'),
    ...problems(401, 422, 503),
  },
})
const respond = createRoute({
  method: 'post',
  path: '/api/requests/{id}/response',
  summary: 'Answers a request, exactly once. Repeat after a 5xx: the same answer counts once.',
  security: bearer,
  request: { params: idParams, body: jsonBody(requestResponseSchema) },
  responses: {
    200: json(
      z.object({ requestId: z.string(), outcome: requestOutcomeSchema }).openapi('AnsweredRequest'),
      'The answer counts.',
    ),
    ...problems(400, 401, 404, 409, 410, 413, 415, 422, 429, 503),
  },
})

/** Human requests of the owner. */
export function requestRoutes(services: ApiServices) {
  return createRouter()
    .openapi(list, async (context) => {
      const { open, conversationId } = context.req.valid('query')
      const requests = await listRequests(services.database, {
        owner: context.get('owner').id,
        open: open === 'true',
        ...(conversationId === undefined ? {} : { conversationId }),
      })
      return context.json({ requests }, 200)
    })
    .openapi(respond, async (context) => {
      const { id } = context.req.valid('param')
      const answered = await giveAnswer(services, context.get('owner').id, id, context.req.valid('json'))
      return context.json(answered, 200)
    })
}
