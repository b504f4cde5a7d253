import { z } from '@hono/zod-openapi'

import { longestGrantDays } from '../contracts/limits.ts'
import { permissionPolicies } from '../contracts/permission.ts'
import { toolEffectSchema } from './tool-call.ts'

export const permissionPolicySchema = z.enum(permissionPolicies).openapi('PermissionPolicy')

export const callTargetsSchema = z
  .object({ chainId: z.int().optional(), contracts: z.array(z.string()), domains: z.array(z.string()) })
  .openapi('CallTargets')

export const grantSchema = z
  .object({
    id: z.string(),
    tool: z.string().optional(),
    effect: toolEffectSchema
      .optional()
      .openapi({ description: 'This effect and every lesser one: read, compute, prepare, sign, external.' }),
    chainId: z.int().optional(),
    contract: z.string().optional(),
    domain: z.string().optional(),
    conversationId: z
      .string()
      .optional()
      .openapi({ description: 'Absent: in all conversations of the owner.' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    requestId: z.string().optional(),
  })
  .openapi('Grant')

export const grantWishSchema = z
  .strictObject({
    scope: z.enum(['conversation', 'everywhere']).default('conversation'),
    target: z.enum(['tool', 'effect', 'chain', 'contract', 'domain']).default('tool'),
    expiresInSeconds: z
      .int()
      .min(1)
      .max(longestGrantDays * 86_400)
      .default(86_400),
  })
  .openapi('GrantWish')
