import { createRoute, z } from '@hono/zod-openapi'

import { askCompaction, clearContext } from '../../store/context-requests.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, idParams, json, problems } from '../open-api.ts'

const compact = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/compact',
  summary:
    'Sums up the older part of the conversation, in a turn of its own behind the messages that wait. Asking again ' +
    'while that waits changes nothing.',
  security: bearer,
  request: { params: idParams },
  responses: { 202: json(z.strictObject({}), 'It will be done.'), ...problems(401, 404, 429, 503) },
})
const clear = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/clear',
  summary:
    'From the next turn on the model is given nothing of what stands here now. Nothing is deleted, and a running ' +
    'turn is not touched.',
  security: bearer,
  request: { params: idParams },
  responses: { 204: { description: 'Cleared.' }, ...problems(401, 404, 503) },
})

/** What the model is given of a conversation. */
export function contextRoutes({ database, workflows, settings }: ApiServices) {
  return createRouter()
    .openapi(compact, async (context) => {
      const { id: conversationId } = context.req.valid('param')
      const owner = context.get('owner')
      const wanted = { conversationId, owner: owner.id, turnLimit: settings.openTurns }
      const { position, model, turns } = await askCompaction(database, wanted)
      // The same until another turn begins, so a request that is repeated asks once.
      const messageId = `${conversationId}.compact${turns}`
      await workflows.signalCompaction({ conversationId, owner, model, turns }, { messageId, position })
      return context.json({}, 202)
    })
    .openapi(clear, async (context) => {
      await clearContext(database, context.get('owner').id, context.req.valid('param').id)
      return context.body(null, 204)
    })
}
