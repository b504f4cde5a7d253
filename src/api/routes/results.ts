import { createRoute, z } from '@hono/zod-openapi'

import { resultPartSchema, resultRangeSchema } from '../../schemas/result.ts'
import { storable } from '../../schemas/storable.ts'
import { readResultPart } from '../../store/result-parts.ts'
import { findResult, type StoredResult } from '../../store/results.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, idParams, json, problems } from '../open-api.ts'
import { toByteStream } from '../to-byte-stream.ts'

const path = '/api/conversations/{id}/results/{callId}'
const params = idParams.extend({ callId: storable(250) })

const part = createRoute({
  method: 'get',
  path,
  summary: "Reads part of a tool's result, also of one that is too large for its event.",
  security: bearer,
  request: { params, query: resultRangeSchema },
  responses: { 200: json(resultPartSchema, 'The part.'), ...problems(401, 404, 422, 503) },
})
const whole = createRoute({
  method: 'get',
  path: `${path}/whole`,
  summary: "Downloads a tool's result: JSON, or plain text when the tool gave a text.",
  security: bearer,
  request: { params },
  responses: {
    200: {
      description: 'The result, as a stream of the length that is announced.',
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
    ...problems(401, 404, 503),
  },
})

const defaultLimit = 65_536

/** Results of tools. */
export function resultRoutes({ database }: ApiServices) {
  return createRouter()
    .openapi(part, async (context) => {
      const { id, callId } = context.req.valid('param')
      const { offset = 0, limit = defaultLimit } = context.req.valid('query')
      const ref = { conversationId: id, callId, owner: context.get('owner').id }
      return context.json(await readResultPart(database, ref, { offset, limit }), 200)
    })
    .openapi(whole, async (context) => {
      const { id, callId } = context.req.valid('param')
      const result = await findResult(database, {
        conversationId: id,
        callId,
        owner: context.get('owner').id,
      })
      const extension = result.isPlainText ? 'txt' : 'json'
      return context.body(toByteStream(textsOf(result)), 200, {
        // Whatever it says of itself: strangers' words are for saving, not for showing.
        'content-type': 'application/octet-stream',
        // A reader that is cut off sees that something is missing.
        'content-length': String(result.sizeBytes),
        'content-disposition': `attachment; filename="result.${extension}"`,
      })
    })
}

async function* textsOf(result: StoredResult): AsyncGenerator<string> {
  for await (const { text } of result.pieces()) yield text
}
