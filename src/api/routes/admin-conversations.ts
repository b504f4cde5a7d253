import { createRoute, z } from '@hono/zod-openapi'

import { watchedStates } from '../../contracts/watched-conversation.ts'
import { storable } from '../../schemas/storable.ts'
import { watchedConversationSchema } from '../../schemas/watched-conversation.ts'
import { listWatchedConversations } from '../../store/watched-conversations.ts'
import type { ApiServices } from '../api-services.ts'
import { adminKey, createRouter, json, problems } from '../open-api.ts'

const list = createRoute({
  method: 'get',
  path: '/api/admin/conversations',
  summary:
    'For operators: conversations of all owners that wait for a person, or cannot go on; the oldest first.',
  security: adminKey,
  request: { query: z.object({ state: z.enum(watchedStates), cursor: storable(200).optional() }) },
  responses: {
    200: json(
      z.object({ conversations: z.array(watchedConversationSchema), nextCursor: z.string().nullable() }),
      'A page.',
    ),
    ...problems(401, 404, 422, 503),
  },
})

/** Conversations as an operator sees them. */
export function adminConversationRoutes({ database }: ApiServices) {
  return createRouter().openapi(list, async (context) =>
    context.json(await listWatchedConversations(database, context.req.valid('query')), 200),
  )
}
