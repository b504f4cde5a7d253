import { createRoute, z } from '@hono/zod-openapi'

import { memoryPatchSchema, memorySchema, memoryTextSchema } from '../../schemas/memory.ts'
import { storable } from '../../schemas/storable.ts'
import {
  deleteAllMemory,
  deleteMemory,
  editMemory,
  isMemoryEnabled,
  listMemory,
  setMemoryEnabled,
} from '../../store/memory.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, json, jsonBody, problems } from '../open-api.ts'

const path = '/api/memory'
const entryParams = z.object({ conversationId: storable(200) })

const read = createRoute({
  method: 'get',
  path,
  summary: 'Reads what is remembered of the conversations that take part in memory, the newest first.',
  security: bearer,
  responses: { 200: json(memorySchema, 'The memory.'), ...problems(401, 503) },
})
const patch = createRoute({
  method: 'patch',
  path,
  summary: 'Sets whether new conversations take part in memory; those that are there stay as they are.',
  security: bearer,
  request: { body: jsonBody(memoryPatchSchema) },
  responses: { 200: json(memorySchema, 'As it is now.'), ...problems(400, 401, 413, 415, 422, 503) },
})
const clear = createRoute({
  method: 'delete',
  path,
  summary: 'Forgets all conversations there are; they are not remembered again by themselves.',
  security: bearer,
  responses: { 204: { description: 'Nothing is remembered.' }, ...problems(401, 503) },
})
const edit = createRoute({
  method: 'patch',
  path: `${path}/{conversationId}`,
  summary: 'Writes what is remembered of a conversation; the helper model does not write over it.',
  security: bearer,
  request: { params: entryParams, body: jsonBody(memoryTextSchema) },
  responses: { 204: { description: 'Written.' }, ...problems(400, 401, 404, 413, 415, 422, 503) },
})
const remove = createRoute({
  method: 'delete',
  path: `${path}/{conversationId}`,
  summary: 'Forgets a conversation; it is not remembered again by itself. Repeating it changes nothing.',
  security: bearer,
  request: { params: entryParams },
  responses: { 204: { description: 'It is not remembered.' }, ...problems(401, 404, 503) },
})

/** What the owner's conversations know of each other. */
export function memoryRoutes({ database }: ApiServices) {
  async function readMemory(owner: string) {
    const [enabled, entries] = await Promise.all([
      isMemoryEnabled(database, owner),
      listMemory(database, owner),
    ])
    return { enabled, entries }
  }

  return createRouter()
    .openapi(read, async (context) => context.json(await readMemory(context.get('owner').id), 200))
    .openapi(patch, async (context) => {
      const owner = context.get('owner').id
      const { enabled } = context.req.valid('json')
      if (enabled !== undefined) await setMemoryEnabled(database, owner, enabled)
      return context.json(await readMemory(owner), 200)
    })
    .openapi(clear, async (context) => {
      await deleteAllMemory(database, context.get('owner').id)
      return context.body(null, 204)
    })
    .openapi(edit, async (context) => {
      const { conversationId } = context.req.valid('param')
      const { text } = context.req.valid('json')
      await editMemory(database, { owner: context.get('owner').id, conversationId, text })
      return context.body(null, 204)
    })
    .openapi(remove, async (context) => {
      const { conversationId } = context.req.valid('param')
      await deleteMemory(database, { owner: context.get('owner').id, conversationId })
      return context.body(null, 204)
    })
}
