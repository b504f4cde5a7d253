import { z } from '@hono/zod-openapi'

import { requestKinds, requestOutcomes } from '../contracts/human-request.ts'
import { answerFieldLimit, optionLimit, questionLimit, toolCallLimit } from '../contracts/limits.ts'
import { boundedArray } from './bounded-array.ts'
import { boundedRecord } from './bounded-record.ts'
import { callTargetsSchema, grantWishSchema } from './permission.ts'
import { storable } from './storable.ts'
import { toolEffectSchema } from './tool-call.ts'

const id = z.string()

export const requestKindSchema = z.enum(requestKinds)
export const requestOutcomeSchema = z.enum(requestOutcomes)
export const permissionDecisionSchema = z.enum(['approve', 'reject'])

export const permissionCardSchema = z
  .object({
    calls: z.array(
      z.object({
        callId: id,
        tool: z.string(),
        title: z.string(),
        effect: toolEffectSchema,
        input: z.unknown(),
        targets: callTargetsSchema,
        rule: z.string(),
      }),
    ),
  })
  .openapi('PermissionCard')

const option = z.object({ value: z.string(), label: z.string() })
const question = { id, label: z.string(), hint: z.string().optional(), required: z.boolean() }

export const questionFormSchema = z
  .object({
    title: z.string(),
    questions: z.array(
      z.discriminatedUnion('kind', [
        z.object({
          ...question,
          kind: z.literal('single'),
          options: z.array(option),
          default: z.string().optional(),
        }),
        z.object({
          ...question,
          kind: z.literal('multiple'),
          options: z.array(option),
          max: z.int().optional(),
          default: z.array(z.string()).optional(),
        }),
        z.object({
          ...question,
          kind: z.literal('text'),
          maxLength: z.int(),
          default: z.string().optional(),
        }),
      ]),
    ),
  })
  .openapi('QuestionForm')

export const humanRequestSchema = z
  .object({
    requestId: id,
    conversationId: id,
    turnId: id,
    kind: requestKindSchema,
    callId: id.optional(),
    card: permissionCardSchema.optional(),
    form: questionFormSchema.optional(),
    digest: z.string().optional(),
    openedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    outcome: requestOutcomeSchema.optional(),
    by: z.string().optional(),
    resolvedAt: z.iso.datetime().optional(),
  })
  .openapi('HumanRequest')

/** Of a permission: one decision for all calls, or one for each. Of a question: answers, or `reject`. */
export const requestResponseSchema = z
  .union([
    z.strictObject({
      decision: permissionDecisionSchema,
      grant: grantWishSchema.optional().openapi({ description: 'Ask less from now on.' }),
    }),
    z.strictObject({
      decisions: boundedRecord(storable(200), permissionDecisionSchema, {
        max: 2 * toolCallLimit,
        message: 'Too many decisions.',
      }).openapi({ description: 'By callId; every call of the card.' }),
      grant: grantWishSchema.optional(),
    }),
    z.strictObject({
      answers: boundedRecord(
        storable(100),
        z.union([storable(answerFieldLimit), boundedArray(storable(answerFieldLimit), optionLimit)]),
        { max: 2 * questionLimit, message: 'Too many answers.' },
      ).openapi({ description: 'By question id: a text or a value, or several values.' }),
    }),
  ])
  .openapi('RequestResponse')

export type RequestResponse = z.output<typeof requestResponseSchema>
