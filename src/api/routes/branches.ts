import { createRoute, z } from '@hono/zod-openapi'

import { conversationSchema, messageTextSchema } from '../../schemas/conversation.ts'
import { storable } from '../../schemas/storable.ts'
import { forkConversation, regenerateMessage } from '../../store/branches.ts'
import { getConversation } from '../../store/conversations.ts'
import type { ApiServices } from '../api-services.ts'
import { createMessageId } from '../create-message-id.ts'
import { creationOf } from '../creation-of.ts'
import { limitCopies } from '../limit-copies.ts'
import { bearer, createRouter, idempotencyHeaders, idParams, json, jsonBody, problems } from '../open-api.ts'

const replaced = z.object({ messageId: z.string() }).openapi('RegeneratedMessage')

const regenerate = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/regenerate',
  summary:
    "Answers a user's message anew, with another text or by another model if they are given. It and all that " +
    'followed are superseded: no part of the conversation, but still readable. Repeat with the same ' +
    'clientMessageId after a 5xx.',
  security: bearer,
  request: {
    params: idParams,
    headers: idempotencyHeaders,
    body: jsonBody(
      z
        .strictObject({
          messageId: storable(200),
          text: messageTextSchema.optional(),
          model: z.string().min(1).max(200).optional(),
          clientMessageId: storable(200).min(1).optional(),
        })
        .openapi('RegenerateWish'),
    ),
  },
  responses: {
    200: json(replaced, 'It was accepted before.'),
    202: json(replaced, 'Accepted.'),
    ...problems(400, 401, 404, 409, 413, 415, 422, 429, 503),
  },
})
const fork = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/fork',
  summary:
    'Makes a new conversation with everything up to a message, and with the rest of its turn when it is an answer ' +
    'or a result. The same Idempotency-Key returns the same one.',
  security: bearer,
  request: {
    params: idParams,
    headers: idempotencyHeaders,
    body: jsonBody(z.strictObject({ messageId: storable(200) }).openapi('ForkWish')),
  },
  responses: {
    200: json(conversationSchema, 'It existed already.'),
    201: json(conversationSchema, 'It was created.'),
    ...problems(400, 401, 404, 409, 413, 415, 422, 429, 503),
  },
})

/** Other ways that a conversation could have gone. */
export function branchRoutes({ database, workflows, models, settings, copyLimiter }: ApiServices) {
  return createRouter()
    .openapi(regenerate, async (context) => {
      const { id: conversationId } = context.req.valid('param')
      const { messageId: replaces, text, model, clientMessageId } = context.req.valid('json')
      const owner = context.get('owner')
      const clientId = clientMessageId ?? context.req.valid('header')['idempotency-key']
      const messageId = createMessageId(conversationId, clientId)
      const accepted = await regenerateMessage(database, {
        id: messageId,
        replaces,
        conversationId,
        owner: owner.id,
        text,
        model: model === undefined ? undefined : models.find(model).info.id,
        clientMessageId: clientId,
        via: 'api',
        turnLimit: settings.openTurns,
      })
      const { repeated, position, turns } = accepted
      // One that waits is told again, because its workflow may not have heard; it drops what it has seen.
      if (position !== undefined) {
        const conversation = { conversationId, owner, model: accepted.model, turns }
        await workflows.signalMessages(conversation, [{ messageId, position }])
      }
      return repeated ? context.json({ messageId }, 200) : context.json({ messageId }, 202)
    })
    .openapi(fork, async (context) => {
      const { id: source } = context.req.valid('param')
      const { messageId } = context.req.valid('json')
      const owner = context.get('owner')
      const key = context.req.valid('header')['idempotency-key']
      const body = { fork: source, messageId }
      await limitCopies(copyLimiter, owner.id)
      const { created, id } = await forkConversation(database, {
        ...creationOf({ owner, key, body }, settings),
        source,
        messageId,
      })
      const conversation = await getConversation(database, owner.id, id)
      return created ? context.json(conversation, 201) : context.json(conversation, 200)
    })
}
