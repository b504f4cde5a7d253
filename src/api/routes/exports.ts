import { createRoute, z } from '@hono/zod-openapi'

import { AppError } from '../../contracts/errors.ts'
import { conversationSchema } from '../../schemas/conversation.ts'
import { type ConversationExport, conversationExportSchema } from '../../schemas/conversation-export.ts'
import { getConversation } from '../../store/conversations.ts'
import { readExportHead } from '../../store/exports.ts'
import { importConversation } from '../../store/imports.ts'
import type { ApiServices } from '../api-services.ts'
import { assertOffered } from '../assert-offered.ts'
import { assertSettingsTaken } from '../assert-settings-taken.ts'
import { creationOf } from '../creation-of.ts'
import { limitCopies } from '../limit-copies.ts'
import { bearer, createRouter, idempotencyHeaders, idParams, json, jsonBody, problems } from '../open-api.ts'
import { fieldProblem } from '../problem.ts'
import { toByteStream } from '../to-byte-stream.ts'
import { writeExportJson } from '../write-export-json.ts'
import { writeExportMarkdown } from '../write-export-markdown.ts'

const exported = createRoute({
  method: 'get',
  path: '/api/conversations/{id}/export',
  summary:
    'Downloads a conversation: as JSON, which can be imported, or as Markdown for people. Without the running turn.',
  security: bearer,
  request: {
    params: idParams,
    query: z.object({ format: z.enum(['json', 'markdown']).optional() }),
  },
  responses: {
    200: {
      description: 'The file.',
      content: {
        'application/json': { schema: conversationExportSchema },
        'text/markdown': { schema: z.string() },
      },
    },
    ...problems(401, 404, 422, 503),
  },
})
const imported = createRoute({
  method: 'post',
  path: '/api/conversations/import',
  summary: 'Makes a new conversation of an exported one. The same Idempotency-Key returns the same one.',
  security: bearer,
  request: {
    headers: idempotencyHeaders,
    body: jsonBody(conversationExportSchema),
  },
  responses: {
    200: json(conversationSchema, 'It existed already.'),
    201: json(conversationSchema, 'It was created.'),
    ...problems(400, 401, 409, 413, 415, 422, 429, 503),
  },
})

/** Conversations as files. */
export function exportRoutes(services: ApiServices) {
  const { database, models, settings, copyLimiter } = services
  const toId = (model: string) => models.find(model).info.id
  return createRouter('import_invalid')
    .openapi(exported, async (context) => {
      const { id } = context.req.valid('param')
      const isMarkdown = context.req.valid('query').format === 'markdown'
      const head = await readExportHead(database, context.get('owner').id, id)
      const headers = {
        'content-type': isMarkdown ? 'text/markdown; charset=utf-8' : 'application/json',
        'content-disposition': `attachment; filename="${id}.${isMarkdown ? 'md' : 'json'}"`,
      }
      // Nobody would read the file, and so nobody would end its reading.
      if (context.req.method === 'HEAD') return context.body(null, 200, headers)
      const pieces = isMarkdown ? writeExportMarkdown(database, head) : writeExportJson(database, head)
      return context.body(toByteStream(pieces), 200, headers)
    })
    .openapi(imported, async (context) => {
      const body = context.req.valid('json')
      assertImportable(body, services)
      const owner = context.get('owner')
      const key = context.req.valid('header')['idempotency-key']
      await limitCopies(copyLimiter, owner.id)
      const { created, id } = await importConversation(database, creationOf({ owner, key, body }, settings), {
        ...body,
        conversation: {
          ...body.conversation,
          model: toId(body.conversation.model),
          fallbackModels: body.conversation.fallbackModels?.map(toId),
        },
      })
      const conversation = await getConversation(database, owner.id, id)
      return created ? context.json(conversation, 201) : context.json(conversation, 200)
    })
}

/** Says where in the file something stands that this deployment does not offer. */
function assertImportable({ conversation }: ConversationExport, services: ApiServices): void {
  const { model, modelSettings, fallbackModels, tools, chainId } = conversation
  const checks: Record<string, () => void> = {
    model: () => assertOffered({ model }, services),
    modelSettings: () => assertSettingsTaken(modelSettings, services.models.find(model).info),
    fallbackModels: () => assertOffered({ fallbackModels }, services),
    tools: () => assertOffered({ tools }, services),
    chainId: () => assertOffered({ chainId }, services),
  }
  for (const [field, check] of Object.entries(checks)) {
    try {
      check()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const { code, message } = error
      throw fieldProblem('import_invalid', [{ path: `conversation.${field}`, message, code }])
    }
  }
}
