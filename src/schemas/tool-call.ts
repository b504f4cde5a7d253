import { z } from '@hono/zod-openapi'

import { toolEffects, toolStatuses } from '../contracts/tool-call.ts'

export const toolStatusSchema = z.enum(toolStatuses)
export const toolEffectSchema = z.enum(toolEffects)
export const toolErrorSchema = z
  .object({ code: z.string(), message: z.string(), retryable: z.boolean() })
  .openapi('ToolError')

export const callProgressSchema = z
  .object({
    callId: z.string(),
    name: z.string(),
    status: z.enum(['running', 'waiting', ...toolStatuses]),
    stepIndex: z.int().optional(),
    stepCount: z.int().optional(),
    steps: z.array(
      z.object({ name: z.string(), status: z.enum(['pending', 'running', 'ok', 'error', 'cancelled']) }),
    ),
    background: z
      .literal(true)
      .optional()
      .openapi({ description: 'It goes on beyond the turn that asked for it.' }),
  })
  .openapi('CallProgress')

export const progressAnswerSchema = z
  .object({
    turnId: z.string().optional(),
    calls: z.array(
      callProgressSchema.extend({
        progress: z.object({ fraction: z.number().optional(), message: z.string().optional() }).optional(),
      }),
    ),
    asOf: z.iso.datetime(),
    source: z.enum(['workflow', 'log']),
  })
  .openapi('Progress')
