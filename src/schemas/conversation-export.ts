import { z } from '@hono/zod-openapi'

import { answerTextLimit, factLimit, importMessageLimit } from '../contracts/limits.ts'
import { boundedArray } from './bounded-array.ts'
import { listExportFaults } from './check-export.ts'
import { conversationSettings, messageSchema } from './conversation.ts'
import { toolErrorSchema, toolStatusSchema } from './tool-call.ts'

// Printable ASCII: an id is compared as it is, in every place that names it.
const id = z
  .string()
  .max(250)
  .regex(/^[!-~]+$/, 'This cannot be an id.')
// It is replaced wherever it stands, so it must not look like anything else.
const conversationId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/, 'This cannot be the id of a conversation.')
  .openapi({ description: 'Ids of turns and calls begin with it.' })
const time = z.iso.datetime().refine((text) => Date.parse(text) >= 0, 'This is before 1970.')
const count = z.int().min(0).max(2_000_000_000)

// Lines of a list that the model is told to trust: only what code makes of results may stand in them.
const factSchema = z.strictObject({
  callId: id,
  tool: z.string().regex(/^[A-Za-z0-9_.:?-]{1,64}$/, 'This cannot be the name of a tool.'),
  path: z.string().regex(/^[A-Za-z0-9_$?.[\]-]{0,500}$/, 'This cannot be a path.'),
  value: z
    .string()
    .regex(
      /^[A-Za-z0-9.$+-]{1,120}( [A-Za-z0-9.$+-]{1,16})?$/,
      'This cannot be an address, a hash, a name or an amount.',
    ),
})

const exportedMessageSchema = z
  .strictObject({
    id,
    role: messageSchema.shape.role,
    state: messageSchema.shape.state.extract(['done', 'withdrawn', 'refused']),
    createdAt: time,
    turnId: id.optional(),
    text: z.string().max(answerTextLimit).optional(),
    model: z.string().max(200).optional(),
    parentId: id.optional(),
    supersededBy: id.optional(),
    toolCalls: boundedArray(
      z.strictObject({
        callId: id,
        providerCallId: z.string().max(1_000),
        name: z.string().max(1_000),
        arguments: z.string().max(answerTextLimit),
      }),
      1_000,
    ).optional(),
    callId: id.optional(),
    result: z
      .strictObject({
        status: toolStatusSchema,
        error: toolErrorSchema.optional(),
        output: z
          .unknown()
          .optional()
          .openapi({ description: 'The whole of it. `text` is what the model has.' }),
      })
      .optional()
      .openapi({ description: 'Of a tool.' }),
  })
  .openapi('ExportedMessage')

/** A conversation as a file, whole enough to be made again elsewhere. */
export const conversationExportSchema = z
  .strictObject({
    format: z.literal('perdura.conversation'),
    version: z.literal(1),
    exportedAt: time,
    conversation: z.strictObject({
      id: conversationId,
      createdAt: time,
      ...conversationSettings,
      fallbackModels: conversationSettings.fallbackModels.optional(),
      instructions: conversationSettings.instructions.optional(),
      tools: conversationSettings.tools.optional(),
      chainId: conversationSettings.chainId.optional(),
      memory: conversationSettings.memory.openapi({
        description: 'What is imported has none until it is switched on.',
      }),
    }),
    messages: boundedArray(exportedMessageSchema, importMessageLimit).openapi({
      description:
        'Of all branches, in the order in which they came. Those of the running turn are left out.',
    }),
    compactions: boundedArray(
      z.strictObject({
        id,
        createdAt: time,
        uptoMessageId: id.openapi({ description: 'The last message that the model is given it for.' }),
        asked: z.boolean(),
        summary: z.string().max(20_000).optional(),
        facts: boundedArray(factSchema, factLimit),
        factsLeftOut: count,
        tokensBefore: count,
        tokensAfter: count,
      }),
      1_000,
    ),
    clearedUpTo: id.optional().openapi({ description: 'The model is given nothing up to this message.' }),
  })
  .superRefine((exported, context) => {
    for (const { path, message } of listExportFaults(exported))
      context.addIssue({ code: 'custom', path, message, input: exported })
  })
  .openapi('ConversationExport')

export type ConversationExport = z.infer<typeof conversationExportSchema>
export type ExportedMessage = z.infer<typeof exportedMessageSchema>
