import { z } from '@hono/zod-openapi'

import { budgetCodes, callKinds } from '../contracts/usage.ts'

const count = z.int().nonnegative()
const usd = z.string().regex(/^\d+(\.\d+)?$/)

const sum = {
  calls: count,
  inputTokens: count,
  outputTokens: count,
  cachedTokens: count.openapi({ description: 'Of the input tokens, those that the provider had cached.' }),
  costUsd: usd.openapi({ description: 'US dollars. Calls of models without a price add nothing.' }),
  estimatedCalls: count.openapi({
    description: 'Calls whose tokens were counted here, not by the provider.',
  }),
}
const usageSumSchema = z.object(sum).openapi('UsageSum')

export const usageReportSchema = z
  .object({
    total: usageSumSchema,
    today: usageSumSchema,
    reserved: z
      .object({ calls: count, tokens: count, costUsd: usd })
      .openapi({ description: 'What the calls that run now may use.' }),
    days: z.array(z.object({ day: z.iso.date(), ...sum })),
    models: z.array(z.object({ model: z.string(), kind: z.enum(callKinds), ...sum })),
    conversation: usageSumSchema.optional(),
    turn: usageSumSchema.optional(),
    limits: z.array(
      z.object({
        code: z.enum(budgetCodes),
        tokens: z.object({ limit: count, left: count }).optional(),
        usd: z.object({ limit: usd, left: usd }).optional(),
      }),
    ),
  })
  .openapi('UsageReport')
