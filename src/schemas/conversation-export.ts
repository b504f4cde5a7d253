import { z } from '@hono/zod-openapi'

import { answerTextLimit } from '../contracts/limits.ts'
import { listExportFaults } from './check-export.ts'
import { busyPolicySchema, historyStrategySchema, modelSettingsSchema } from './conversation.ts'
import { permissionPolicySchema } from './permission.ts'
import { toolErrorSchema, toolStatusSchema } from './tool-call.ts'

// Printable ASCII: an id is compared as it is, in every place that names it.
const id = z
  .string()
  .max(250)
  .regex(/^[!-~]+$/, 'This cannot be an id.')
const time = z.iso.datetime().refine((text) => Date.parse(text) >= 0, 'This is before 1970.')
const count = z.int().min(0).max(2_000_000_000)

const exportedMessageSchema = z
  .strictObject({
    id,
    role: z.enum(['user', 'assistant', 'tool', 'note']),
    state: z.enum(['done', 'withdrawn', 'refused']),
    createdAt: time,
    turnId: id.optional(),
    text: z.string().max(answerTextLimit).optional(),
    model: z.string().max(200).optional(),
    parentId: id.optional(),
    supersededBy: id.optional(),
    toolCalls: z
      .array(
        z.strictObject({
          callId: id,
          providerCallId: z.string().max(1_000),
          name: z.string().max(1_000),
          arguments: z.string().max(answerTextLimit),
        }),
      )
      .max(1_000)
      .optional(),
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
      id: id.openapi({ description: 'Ids of turns and calls begin with it.' }),
      createdAt: time,
      title: z.string().min(1).max(200),
      model: z.string().min(1).max(200),
      modelSettings: modelSettingsSchema,
      fallbackModels: z.array(z.string().max(200)).max(20).optional(),
      instructions: z.string().max(20_000).optional(),
      tools: z.array(z.string().max(64)).max(200).optional(),
      chainId: z.int().min(1).optional(),
      busyPolicy: busyPolicySchema,
      permissions: permissionPolicySchema,
      history: historyStrategySchema,
      memory: z.boolean(),
    }),
    messages: z.array(exportedMessageSchema).openapi({
      description:
        'Of all branches, in the order in which they came. Those of the running turn are left out.',
    }),
    compactions: z.array(
      z.strictObject({
        id,
        createdAt: time,
        uptoMessageId: id.openapi({ description: 'The last message that the model is given it for.' }),
        asked: z.boolean(),
        summary: z.string().max(answerTextLimit).optional(),
        facts: z.array(z.strictObject({ callId: id, tool: z.string(), path: z.string(), value: z.string() })),
        factsLeftOut: count,
        tokensBefore: count,
        tokensAfter: count,
      }),
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
