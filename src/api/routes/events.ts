import { createRoute, z } from '@hono/zod-openapi'

import type { SnapshotEvent, StreamEvent } from '../../contracts/event.ts'
import { AppError } from '../../contracts/errors.ts'
import { eventPageSchema } from '../../schemas/event.ts'
import { queryInteger } from '../../schemas/query-integer.ts'
import { getLogEnd } from '../../store/log-end.ts'
import { getSnapshot } from '../../store/snapshots.ts'
import type { ApiServices } from '../api-services.ts'
import { followConversation } from '../follow-conversation.ts'
import { bearer, createRouter, idParams, problems } from '../open-api.ts'
import type { OpenStreams } from '../open-streams.ts'
import { sseHeaders, toFrameWithoutId } from '../sse.ts'

const cursor = queryInteger(0, 999_999_999_999_999, 'A cursor is the number of an event.')

const events = createRoute({
  method: 'get',
  path: '/api/conversations/{id}/events',
  summary: 'Follows a conversation over server-sent events, or reads a page of its log as JSON.',
  security: bearer,
  request: {
    params: idParams,
    headers: z.object({ 'last-event-id': cursor.optional() }),
    query: z.object({
      after: cursor.optional().openapi({
        description: '0: everything that is kept. Absent, or older than what is kept: a snapshot, then live.',
      }),
      limit: queryInteger(0, 9_999).optional(),
    }),
  },
  responses: {
    200: {
      description: 'Events, each with its number as id; or a page of them.',
      content: {
        'text/event-stream': { schema: z.string() },
        'application/json': { schema: eventPageSchema },
      },
    },
    ...problems(401, 404, 409, 422, 429, 503),
  },
})
const ownerEvents = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'Follows all conversations of the owner, from now on: changes, requests and ends of turns.',
  security: bearer,
  responses: {
    200: { description: 'Events without ids.', content: { 'text/event-stream': { schema: z.string() } } },
    ...problems(401, 429, 503),
  },
})

const ownerTypes: readonly StreamEvent['type'][] = [
  'conversation.updated',
  'request.opened',
  'request.resolved',
  'turn.finished',
]
const pageLimit = 1_000

/** The log, live and in pages. */
export function eventRoutes(services: ApiServices, streams: OpenStreams) {
  const { database, log, feed } = services
  return createRouter()
    .openapi(events, async (context) => {
      const { id } = context.req.valid('param')
      const owner = context.get('owner').id
      const { after, limit = pageLimit } = context.req.valid('query')
      const position = context.req.valid('header')['last-event-id'] ?? after
      const end = await getLogEnd(database, owner, id)
      if (position !== undefined && position > end.highestGiven) {
        throw new AppError('cursor_ahead', `The log ends at ${end.lastSeq}. Start again without a cursor.`)
      }
      if (context.req.header('accept')?.includes('application/json')) {
        const after = position ?? 0
        const most = Math.max(1, Math.min(limit, pageLimit))
        const { floor, ...page } = await log.read(id, after, most)
        return context.json(after < floor ? { ...page, keptAfter: floor } : page, 200)
      }
      if (context.req.method === 'HEAD') return context.body(null, 200, sseHeaders)
      const from =
        position === undefined || position < end.floor
          ? { snapshot: await readSnapshotEvent(services, owner, id) }
          : { after: position }
      const body = streams.open(
        {
          owner,
          signal: context.req.raw.signal,
          destroy: () => context.env.outgoing.destroy(),
          fields: { conversationId: id },
        },
        (stream) =>
          followConversation(stream, {
            conversationId: id,
            from,
            lastSeq: end.lastSeq,
            feed,
            log,
            onError: (err) => context.get('logger').warn({ err }, 'a stream could not catch up'),
          }),
      )
      return context.body(body, 200, sseHeaders)
    })
    .openapi(ownerEvents, (context) => {
      // Nobody would read the stream, and so nobody would end it.
      if (context.req.method === 'HEAD') return context.body(null, 200, sseHeaders)
      const owner = context.get('owner').id
      const body = streams.open(
        {
          owner,
          signal: context.req.raw.signal,
          destroy: () => context.env.outgoing.destroy(),
          fields: { owner },
        },
        (stream) =>
          feed.followOwner(owner, {
            push(pushed) {
              for (const event of pushed)
                if (ownerTypes.includes(event.type)) stream.send(toFrameWithoutId(event))
            },
          }),
      )
      return context.body(body, 200, sseHeaders)
    })
}

async function readSnapshotEvent(
  { database }: ApiServices,
  owner: string,
  id: string,
): Promise<SnapshotEvent> {
  const snapshot = await getSnapshot(database, owner, id)
  return {
    v: 1,
    seq: snapshot.lastSeq,
    conversationId: id,
    ts: new Date().toISOString(),
    type: 'snapshot',
    ...snapshot,
  }
}
