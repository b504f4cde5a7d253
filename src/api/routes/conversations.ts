import { createHash, randomBytes } from 'node:crypto'

import { createRoute, z } from '@hono/zod-openapi'

import {
  conversationHitSchema,
  conversationPatchSchema,
  conversationSchema,
  newConversationSchema,
} from '../../schemas/conversation.ts'
import { storable } from '../../schemas/storable.ts'
import { snapshotSchema } from '../../schemas/event.ts'
import {
  createConversation,
  getConversation,
  listConversations,
  patchConversation,
} from '../../store/conversations.ts'
import { deleteConversation, noteCleaned } from '../../store/deletions.ts'
import { getSnapshot } from '../../store/snapshots.ts'
import { isMemoryEnabled } from '../../store/memory.ts'
import { searchConversations } from '../../store/search-conversations.ts'
import type { ApiServices } from '../api-services.ts'
import { assertOffered } from '../assert-offered.ts'
import { assertSettingsTaken } from '../assert-settings-taken.ts'
import { bearer, createRouter, idempotencyHeaders, idParams, json, jsonBody, problems } from '../open-api.ts'

const path = '/api/conversations/{id}'

const create = createRoute({
  method: 'post',
  path: '/api/conversations',
  summary: 'Creates a conversation. The same externalId or Idempotency-Key returns the same one.',
  security: bearer,
  request: {
    headers: idempotencyHeaders,
    body: jsonBody(newConversationSchema),
  },
  responses: {
    200: json(conversationSchema, 'It existed already.'),
    201: json(conversationSchema, 'It was created.'),
    ...problems(400, 401, 409, 413, 415, 422, 429, 503),
  },
})
const list = createRoute({
  method: 'get',
  path: '/api/conversations',
  summary:
    'Lists conversations, the latest first; with `q` those with all its words in the title or in a message.',
  security: bearer,
  request: {
    query: z.object({
      cursor: storable(200).optional(),
      archived: z.enum(['true', 'false']).optional(),
      q: storable(200).optional(),
    }),
  },
  responses: {
    200: json(
      z.object({ conversations: z.array(conversationHitSchema), nextCursor: z.string().nullable() }),
      'A page.',
    ),
    ...problems(401, 422, 503),
  },
})
const read = createRoute({
  method: 'get',
  path,
  summary: 'Reads a conversation with its messages, queue and running calls.',
  security: bearer,
  request: { params: idParams },
  responses: { 200: json(snapshotSchema, 'The snapshot.'), ...problems(401, 404, 503) },
})
const patch = createRoute({
  method: 'patch',
  path,
  summary: 'Changes settings; effective with the next turn.',
  security: bearer,
  request: { params: idParams, body: jsonBody(conversationPatchSchema) },
  responses: {
    200: json(conversationSchema, 'As it is now.'),
    ...problems(400, 401, 404, 413, 415, 422, 503),
  },
})
const remove = createRoute({
  method: 'delete',
  path,
  summary: 'Deletes a conversation for good: its content, and every run of its workflow. Repeat after a 5xx.',
  security: bearer,
  request: { params: idParams },
  responses: { 204: { description: 'Gone.' }, ...problems(401, 404, 503) },
})

/** Conversations of the owner. */
export function conversationRoutes(services: ApiServices) {
  const { database, log, models, settings, workflows } = services
  return createRouter()
    .openapi(create, async (context) => {
      const wanted = context.req.valid('json')
      assertOffered(wanted, services)
      const { info } = models.find(wanted.model ?? models.defaultModel.id)
      assertSettingsTaken(wanted.modelSettings ?? {}, info)
      const owner = context.get('owner')
      const key = context.req.valid('header')['idempotency-key']
      const { created, conversation } = await createConversation(database, {
        ...wanted,
        // Short, because it stands in every id of the history.
        id: `c_${randomBytes(16).toString('base64url')}`,
        owner: owner.id,
        title: wanted.title ?? 'New conversation',
        model: info.id,
        fallbackModels: wanted.fallbackModels?.map((model) => models.find(model).info.id),
        busyPolicy: wanted.busyPolicy ?? 'queue',
        permissions: wanted.permissions ?? settings.permissions,
        limit: owner.kind === 'guest' ? settings.conversationsPerGuest : undefined,
        history: wanted.history ?? settings.history,
        memory: wanted.memory ?? (await isMemoryEnabled(database, owner.id)),
        idempotency: key === undefined ? undefined : { key, requestHash: hashOf(wanted) },
      })
      return created ? context.json(conversation, 201) : context.json(conversation, 200)
    })
    .openapi(list, async (context) => {
      const { cursor, archived, q } = context.req.valid('query')
      const wanted = {
        owner: context.get('owner').id,
        archived: archived === 'true',
        ...(cursor === undefined ? {} : { cursor }),
      }
      const page = q?.trim()
        ? await searchConversations(database, { ...wanted, query: q.trim() })
        : await listConversations(database, wanted)
      return context.json(page, 200)
    })
    .openapi(read, async (context) => {
      const { id } = context.req.valid('param')
      return context.json(await getSnapshot(database, context.get('owner').id, id), 200)
    })
    .openapi(patch, async (context) => {
      const { id } = context.req.valid('param')
      const owner = context.get('owner').id
      const wanted = context.req.valid('json')
      assertOffered(wanted, services)
      const changes = {
        ...wanted,
        model: wanted.model === undefined ? undefined : models.find(wanted.model).info.id,
        fallbackModels:
          wanted.fallbackModels?.map((each) => models.find(each).info.id) ?? wanted.fallbackModels,
      }
      if (wanted.model !== undefined || wanted.modelSettings !== undefined) {
        const before = await getConversation(database, owner, id)
        const { info } = models.find(wanted.model ?? before.model)
        assertSettingsTaken(wanted.modelSettings ?? before.modelSettings, info)
      }
      const conversation = await patchConversation(database, owner, id, changes)
      const shown = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
      if (Object.keys(shown).length > 0) {
        await log.append(id, [{ key: null, turnId: null, body: { type: 'conversation.updated', ...shown } }])
      }
      return context.json(conversation, 200)
    })
    .openapi(remove, async (context) => {
      const { id } = context.req.valid('param')
      // Content first: it is gone whatever becomes of the rest, which a repeat goes on with, or else a worker.
      await deleteConversation(database, context.get('owner').id, id)
      await workflows.remove(id)
      await noteCleaned(database, id)
      return context.body(null, 204)
    })
}

function hashOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url')
}
