import { z } from '@hono/zod-openapi'

import {
  busyPolicies,
  conversationStates,
  messageRoles,
  messageStates,
  reasoningEfforts,
} from '../contracts/conversation.ts'
import { messageTextLimit } from '../contracts/limits.ts'
import { boundedArray } from './bounded-array.ts'
import { permissionPolicySchema } from './permission.ts'
import { storable } from './storable.ts'

const isoTime = z.iso.datetime()
const busyPolicySchema = z.enum(busyPolicies)

export const historyStrategySchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('full') }),
    z.strictObject({
      kind: z.literal('slidingWindow'),
      window: z
        .int()
        .min(1)
        .max(10_000)
        .openapi({ description: 'User messages, counted from the last one.' }),
    }),
    z.strictObject({ kind: z.literal('summary') }),
    z.strictObject({ kind: z.literal('none') }),
  ])
  .openapi('HistoryStrategy')

const modelSettingsSchema = z
  .strictObject({
    temperature: z.number().min(0).max(2),
    reasoningEffort: z.enum(reasoningEfforts),
    maxOutputTokens: z.int().min(1).max(1_000_000),
  })
  .partial()
  .openapi('ModelSettings', { description: 'What each model takes: see GET /api/models.' })

export const conversationSchema = z
  .object({
    id: z.string(),
    externalId: z.string().optional(),
    title: z.string(),
    state: z.enum(conversationStates),
    model: z.string(),
    modelSettings: modelSettingsSchema,
    fallbackModels: z.array(z.string()).optional(),
    instructions: z.string().optional(),
    tools: z.array(z.string()).optional(),
    chainId: z.int().optional(),
    busyPolicy: busyPolicySchema,
    permissions: permissionPolicySchema,
    history: historyStrategySchema,
    memory: z.boolean(),
    archived: z.boolean(),
    stalled: z.boolean().openapi({
      description: 'Its workflow cannot go on: an operator is needed, or POST …/reset.',
    }),
    forkedFrom: z.object({ conversationId: z.string(), messageId: z.string() }).optional(),
    createdAt: isoTime,
    updatedAt: isoTime,
    lastSeq: z.int(),
  })
  .openapi('Conversation')

export const conversationHitSchema = conversationSchema
  .extend({
    match: z
      .object({ messageId: z.string(), snippet: z.string() })
      .optional()
      .openapi({ description: 'Of a search: the latest message with its words, and the text around them.' }),
  })
  .openapi('ConversationHit')

/** What an owner may say of a conversation, and what goes with one that is exported. */
export const conversationSettings = {
  title: z.string().min(1).max(200),
  model: z.string().min(1).max(200).openapi({ description: 'As listed by GET /api/models.' }),
  modelSettings: modelSettingsSchema,
  fallbackModels: boundedArray(z.string().min(1).max(200), 10).openapi({
    description: 'Models that go on, in this order, when one is down. Absent: the deployment’s.',
  }),
  instructions: z.string().max(20_000),
  tools: boundedArray(z.string().max(64), 200).openapi({ description: 'Names as in GET /api/tools.' }),
  chainId: z.int().min(1),
  busyPolicy: busyPolicySchema,
  permissions: permissionPolicySchema,
  history: historyStrategySchema,
  memory: z.boolean(),
}

export const newConversationSchema = z
  .strictObject({ ...conversationSettings, externalId: storable(200).min(1) })
  .partial()
  .openapi('NewConversation')

export const conversationPatchSchema = z
  .strictObject({
    ...conversationSettings,
    // Null goes back to what the deployment has.
    fallbackModels: conversationSettings.fallbackModels.nullable(),
    instructions: conversationSettings.instructions.nullable(),
    tools: conversationSettings.tools.nullable(),
    archived: z.boolean(),
  })
  .partial()
  .openapi('ConversationPatch')

export const messageSchema = z
  .object({
    id: z.string(),
    role: z.enum(messageRoles),
    text: z.string().optional(),
    toolCalls: z.array(z.object({ callId: z.string(), name: z.string(), arguments: z.string() })).optional(),
    callId: z.string().optional(),
    state: z.enum(messageStates),
    turnId: z.string().optional(),
    createdAt: isoTime,
    parentId: z.string().optional(),
    model: z.string().optional(),
    supersededBy: z.string().optional(),
  })
  .openapi('Message')

export const messagePageSchema = z
  .object({
    messages: z.array(messageSchema).openapi({ description: 'Oldest first.' }),
    olderMessages: z
      .string()
      .optional()
      .openapi({ description: 'Where the older ones begin; absent: none.' }),
  })
  .openapi('MessagePage')

export const messageTextSchema = z
  .string()
  .min(1)
  .max(messageTextLimit)
  .refine((text) => text.trim() !== '', 'Write something: the text is blank.')

export const newMessageSchema = z
  .strictObject({
    text: messageTextSchema,
    clientMessageId: storable(200).min(1).optional(),
    busyPolicy: busyPolicySchema.optional(),
    model: conversationSettings.model.optional(),
  })
  .openapi('NewMessage')

export const ownerSchema = z
  .object({ id: z.string(), kind: z.enum(['guest', 'wallet']), wallet: z.string().optional() })
  .openapi('Owner')
