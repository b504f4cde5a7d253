import { createRoute, z } from '@hono/zod-openapi'

import { getRunningTurn } from '../../store/stalled.ts'
import { recoverConversation } from '../../temporal/recover-conversation.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, idParams, json, problems } from '../open-api.ts'

const reset = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/reset',
  summary:
    'Gives a conversation a new workflow, for one that is stalled. Its running turn ends; messages that wait are ' +
    'answered. Repeat after a 5xx.',
  security: bearer,
  request: { params: idParams },
  responses: { 202: json(z.strictObject({}), 'Done.'), ...problems(401, 404, 503) },
})

/** Reset. */
export function resetRoutes(services: ApiServices) {
  return createRouter().openapi(reset, async (context) => {
    const { id } = context.req.valid('param')
    const turnId = await getRunningTurn(services.database, context.get('owner').id, id)
    // Before anything is written: from here on the turn is nobody's, and a worker recovers it if this process dies.
    await services.workflows.terminate(id, 'reset by its owner')
    await recoverConversation(services, id, turnId)
    return context.json({}, 202)
  })
}
