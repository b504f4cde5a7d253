import { z } from '@hono/zod-openapi'

import { conversationSchema } from './conversation.ts'

export const watchedConversationSchema = z
  .object({
    id: z.string(),
    owner: z.string(),
    state: conversationSchema.shape.state,
    stalled: z.boolean(),
    since: z.iso.datetime(),
    waitsFor: z.array(
      z.object({
        requestId: z.string(),
        kind: z.enum(['permission', 'question', 'wallet']),
        tools: z.array(z.string()),
        expiresAt: z.iso.datetime(),
      }),
    ),
    queued: z.int().openapi({ description: 'Messages that wait for a turn.' }),
  })
  .openapi('WatchedConversation')
