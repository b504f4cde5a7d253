import { createRoute, z } from '@hono/zod-openapi'

import { messageTextSchema, newMessageSchema } from '../../schemas/conversation.ts'
import { storable } from '../../schemas/storable.ts'
import { endLostCall, stopBackgroundCall } from '../../store/background-calls.ts'
import { acceptMessage, announceMessage, editMessage, withdrawMessage } from '../../store/messages.ts'
import { noConversation } from '../../store/no-conversation.ts'
import { stopTurn } from '../../store/turns.ts'
import type { CallId, ConversationId, OwnerId } from '../../contracts/ids.ts'
import { recoverConversation } from '../../temporal/recover-conversation.ts'
import type { ApiServices } from '../api-services.ts'
import { createMessageId } from '../create-message-id.ts'
import { bearer, createRouter, idempotencyHeaders, idParams, json, jsonBody, problems } from '../open-api.ts'

const answer = z
  .object({ messageId: z.string(), state: z.enum(['started', 'queued', 'withdrawn']) })
  .openapi('PostedMessage')

const post = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/messages',
  summary:
    'Sends a message. 202: it is durable from here on. Repeat with the same clientMessageId after a 5xx.',
  security: bearer,
  request: {
    params: idParams,
    headers: idempotencyHeaders,
    body: jsonBody(newMessageSchema),
  },
  responses: {
    200: json(answer, 'It was accepted before.'),
    202: json(answer, 'Accepted.'),
    ...problems(400, 401, 404, 409, 413, 415, 422, 429, 503),
  },
})
const messageParams = idParams.extend({ messageId: storable(200) })

const edit = createRoute({
  method: 'patch',
  path: '/api/conversations/{id}/messages/{messageId}',
  summary: 'Changes the text of a message that has not begun.',
  security: bearer,
  request: { params: messageParams, body: jsonBody(z.strictObject({ text: messageTextSchema })) },
  responses: {
    200: json(
      z.object({ messageId: z.string(), state: z.enum(['received', 'queued']) }).openapi('EditedMessage'),
      'It will be answered as it is now.',
    ),
    ...problems(400, 401, 404, 409, 413, 415, 422, 503),
  },
})
const withdraw = createRoute({
  method: 'delete',
  path: '/api/conversations/{id}/messages/{messageId}',
  summary: 'Takes back a message that has not begun. Repeating it changes nothing.',
  security: bearer,
  request: { params: messageParams },
  responses: { 204: { description: 'It will not be answered.' }, ...problems(401, 404, 409, 503) },
})
const cancelWishSchema = z.union([
  z.strictObject({ turnId: storable(200).optional() }),
  z.strictObject({ callId: storable(250) }),
])
const cancel = createRoute({
  method: 'post',
  path: '/api/conversations/{id}/cancel',
  summary:
    'Stops the running turn, or the given one if it runs; with a callId, one background call. Nothing happens when none does.',
  security: bearer,
  request: {
    params: idParams,
    body: {
      required: false,
      content: { 'application/json': { schema: cancelWishSchema } },
    },
  },
  responses: {
    202: json(
      z.object({ turnId: z.string().nullable(), callId: z.string().optional() }),
      'The turn or the call that is being stopped, if any.',
    ),
    ...problems(400, 401, 404, 415, 422, 503),
  },
})

/** Messages and Stop. */
export function messageRoutes({ database, models, workflows, settings }: ApiServices) {
  return createRouter()
    .openapi(post, async (context) => {
      const { id: conversationId } = context.req.valid('param')
      const { text, clientMessageId, busyPolicy, model: wanted } = context.req.valid('json')
      const owner = context.get('owner')
      const clientId = clientMessageId ?? context.req.valid('header')['idempotency-key']
      const messageId = createMessageId(conversationId, clientId)
      const accepted = await acceptMessage(database, {
        id: messageId,
        conversationId,
        owner: owner.id,
        text,
        clientMessageId: clientId,
        via: 'api',
        queueLimit: settings.queuedMessages,
        turnLimit: settings.openTurns,
        busyPolicy,
        model: wanted === undefined ? undefined : models.find(wanted).info.id,
      })
      const { model, turns } = accepted
      await workflows.signalMessages({ conversationId, owner, model, turns }, accepted.toSignal)
      // The workflow stops the turn as well; workers learn of it earlier from here.
      if (accepted.interrupts !== undefined)
        await stopTurn(database, owner.id, conversationId, accepted.interrupts)
      const state = await announceMessage(database, conversationId, messageId)
      return accepted.repeated
        ? context.json({ messageId, state }, 200)
        : context.json({ messageId, state }, 202)
    })
    .openapi(edit, async (context) => {
      const { id: conversationId, messageId } = context.req.valid('param')
      const { text } = context.req.valid('json')
      const owner = context.get('owner').id
      return context.json(await editMessage(database, { conversationId, owner, id: messageId, text }), 200)
    })
    .openapi(withdraw, async (context) => {
      const { id: conversationId, messageId } = context.req.valid('param')
      await withdrawMessage(database, { conversationId, owner: context.get('owner').id, id: messageId })
      await workflows.signalWithdraw(conversationId, messageId)
      return context.body(null, 204)
    })
    .openapi(cancel, async (context) => {
      const { id } = context.req.valid('param')
      const wish = context.req.valid('json') ?? {}
      const owner = context.get('owner').id
      if ('callId' in wish) {
        const stopping = await stopCall({ database, workflows }, owner, { conversationId: id, ...wish })
        return context.json({ turnId: null, ...(stopping ? wish : {}) }, 202)
      }
      const stopped = await stopTurn(database, owner, id, wish.turnId)
      if (stopped === undefined) throw noConversation(id)
      const { stopping, pending } = stopped
      if (stopping === null && !pending) return context.json({ turnId: null }, 202)
      const told = await workflows.signalCancel(id, stopping)
      if (!told && stopping !== null) await recoverConversation({ database, workflows }, id, stopping)
      return context.json({ turnId: stopping }, 202)
    })
}

/** Stops a background call; false when none such runs. */
async function stopCall(
  { database, workflows }: Pick<ApiServices, 'database' | 'workflows'>,
  owner: OwnerId,
  call: { conversationId: ConversationId; callId: CallId },
): Promise<boolean> {
  if (!(await stopBackgroundCall(database, owner, call))) return false
  if (!(await workflows.cancelBackgroundCall(call.callId))) await endLostCall(database, call)
  return true
}
