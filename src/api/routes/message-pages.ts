import { createRoute, z } from '@hono/zod-openapi'

import { messagePageSchema } from '../../schemas/conversation.ts'
import { queryInteger } from '../../schemas/query-integer.ts'
import { storable } from '../../schemas/storable.ts'
import { listMessages } from '../../store/message-pages.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, idParams, json, problems } from '../open-api.ts'

const pageLimit = 200

const list = createRoute({
  method: 'get',
  path: '/api/conversations/{id}/messages',
  summary: 'Lists messages that have begun, oldest first: the latest page, or the one before a cursor.',
  security: bearer,
  request: {
    params: idParams,
    query: z.object({
      before: queryInteger(0, 999_999_999_999_999, 'A cursor is the olderMessages of a page or a snapshot.')
        .optional()
        .openapi({ description: 'The olderMessages of a page or a snapshot.' }),
      limit: queryInteger(1, 9_999)
        .optional()
        .openapi({ description: `At most ${pageLimit}, which is also the default.` }),
      branch: storable(200).optional().openapi({
        description: 'A message that was replaced: its branch, as it was before that.',
      }),
      superseded: z
        .enum(['true', 'false'])
        .optional()
        .openapi({ description: 'true: messages of all branches, in the order in which they came.' }),
    }),
  },
  responses: { 200: json(messagePageSchema, 'A page.'), ...problems(401, 404, 422, 503) },
})

/** Messages of any age and branch. */
export function messagePageRoutes({ database }: ApiServices) {
  return createRouter().openapi(list, async (context) => {
    const { id: conversationId } = context.req.valid('param')
    const { before, limit, branch, superseded } = context.req.valid('query')
    const page = await listMessages(
      database,
      { owner: context.get('owner').id, conversationId },
      {
        ...(before === undefined ? {} : { before }),
        ...(branch === undefined ? {} : { branch }),
        limit: Math.min(limit ?? pageLimit, pageLimit),
        superseded: superseded === 'true',
      },
    )
    return context.json(page, 200)
  })
}
