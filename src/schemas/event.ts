import { z } from '@hono/zod-openapi'

import { finishReasons, transactionStatuses } from '../contracts/event.ts'
import { turnOutcomes, turnTriggers } from '../contracts/turn.ts'
import { callKinds } from '../contracts/usage.ts'
import {
  humanRequestSchema,
  permissionCardSchema,
  permissionDecisionSchema,
  questionFormSchema,
  requestKindSchema,
  requestOutcomeSchema,
} from './human-request.ts'
import { callProgressSchema, toolEffectSchema, toolErrorSchema, toolStatusSchema } from './tool-call.ts'
import { conversationSchema, messageSchema } from './conversation.ts'

const id = z.string()
const text = z.string()
const seq = z.int().min(0)
const attempt = z.int().min(1)
const step = z.int().min(0)

const base = {
  v: z.literal(1),
  seq,
  conversationId: id,
  turnId: id.optional(),
  ts: z.iso.datetime(),
}

function event<Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) {
  return z.strictObject({ ...base, type: z.literal(type), ...shape })
}

const delta = { messageId: id, attempt, delta: text, offset: step }
const whole = { messageId: id, attempt, text }
const queued = { messageId: id, text: text.optional(), position: step.optional() }
const outputRef = z.object({ callId: id, step: text.optional(), sizeBytes: z.int() })
const compaction = {
  beforeMessageId: id.optional(),
  summary: text.optional(),
  facts: z.array(z.object({ callId: id, tool: text, path: text, value: text })),
  tokensBefore: z.int(),
  tokensAfter: z.int(),
}

export const eventSchema = z
  .discriminatedUnion('type', [
    event('conversation.updated', {
      ...conversationSchema
        .pick({
          state: true,
          title: true,
          model: true,
          archived: true,
          modelSettings: true,
          chainId: true,
          busyPolicy: true,
          permissions: true,
          history: true,
          memory: true,
          stalled: true,
        })
        .partial().shape,
      // Null: the deployment's again.
      fallbackModels: z.array(text).nullable().optional(),
      instructions: text.nullable().optional(),
      tools: z.array(text).nullable().optional(),
    }),
    event('user.message', { messageId: id, clientMessageId: text.optional(), text, via: text }),
    event('message.queued', queued),
    event('message.updated', queued),
    event('message.withdrawn', { messageId: id }),
    event('message.refused', { messageId: id, code: text.optional() }),
    event('messages.superseded', { messageIds: z.array(id), by: id }),
    event('messages.restored', { messageIds: z.array(id), by: id }),
    event('context.compacted', compaction),
    event('context.cleared', {}),
    event('system.note', { messageId: id, source: text, text }),
    event('turn.started', {
      trigger: z.enum(turnTriggers),
      messageIds: z.array(id),
      model: text,
      promptHash: text,
    }),
    event('turn.waiting', { requestIds: z.array(id) }),
    event('turn.finished', {
      outcome: z.enum(turnOutcomes),
      code: text.optional(),
      message: text.optional(),
    }),
    event('round.started', { round: step, messageIds: z.array(id).optional(), model: text.optional() }),
    event('round.finished', {
      round: step,
      reason: z.enum(finishReasons),
    }),
    event('reasoning.delta', delta),
    event('reasoning.completed', whole),
    event('text.started', { messageId: id, attempt }),
    event('text.delta', delta),
    event('text.completed', whole),
    event('tool.started', {
      callId: id,
      name: text,
      title: text,
      effect: toolEffectSchema,
      input: z.unknown(),
      steps: z.array(text).optional(),
      background: z.boolean(),
      permission: z.object({ decision: z.enum(['allow', 'deny', 'ask']), rule: text }).optional(),
    }),
    event('tool.step', {
      callId: id,
      step: text,
      stepIndex: step,
      status: z.enum(['ok', 'error', 'cancelled']),
      output: z.unknown().optional(),
      ref: outputRef.optional(),
    }),
    event('tool.progress', {
      callId: id,
      step: text.optional(),
      stepIndex: step.optional(),
      stepCount: step.optional(),
      fraction: z.number().min(0).max(1).optional(),
      message: text.optional(),
    }),
    event('tool.completed', {
      callId: id,
      status: toolStatusSchema,
      output: z.unknown().optional(),
      ref: outputRef.optional(),
      error: toolErrorSchema.optional(),
    }),
    event('request.opened', {
      requestId: id,
      kind: requestKindSchema,
      callId: id.optional(),
      card: permissionCardSchema.optional(),
      form: questionFormSchema.optional(),
      digest: text.optional(),
      expiresAt: z.iso.datetime(),
    }),
    event('request.resolved', {
      requestId: id,
      outcome: requestOutcomeSchema,
      by: text,
      decisions: z.record(id, permissionDecisionSchema).optional(),
    }),
    event('plan.updated', { planId: id, digest: text, state: text, reason: text.optional() }),
    event('tx.status', {
      planId: id,
      callIndex: step,
      hash: text.optional(),
      status: z.enum(transactionStatuses),
      block: z.int().optional(),
      confirmations: z.int().optional(),
    }),
    event('usage.recorded', {
      kind: z.enum(callKinds).optional(),
      model: text,
      inputTokens: z.int(),
      outputTokens: z.int(),
      cachedTokens: z.int().optional(),
      costUsd: text.optional(),
      estimated: z.boolean().optional(),
      contextTokens: z.int(),
      contextLimit: z.int(),
    }),
    event('notice', { level: z.enum(['info', 'warning', 'error']), code: text, message: text }),
  ])
  .openapi('Event')

const contextChange = {
  id,
  turnId: id.optional(),
  createdAt: z.iso.datetime(),
  standsBefore: id.optional().openapi({ description: 'A message; absent: behind all of them.' }),
}
const contextChangeSchema = z
  .discriminatedUnion('change', [
    z.object({ ...contextChange, change: z.literal('cleared') }),
    z.object({ ...contextChange, change: z.literal('compacted'), ...compaction }),
  ])
  .openapi('ContextChange')

const snapshot = {
  conversation: conversationSchema,
  messages: z.array(messageSchema).openapi({ description: 'The latest ones, oldest first.' }),
  olderMessages: text.optional().openapi({ description: 'For GET …/messages; absent when these are all.' }),
  contextChanges: z.array(contextChangeSchema).openapi({
    description: 'Where among these messages the model is given something else of what stands above.',
  }),
  openRequests: z.array(humanRequestSchema),
  queue: z.array(z.object({ messageId: id, text, position: step })),
  turn: z.object({ turnId: id, round: step, startedAt: z.iso.datetime(), model: text.optional() }).optional(),
  calls: z.array(callProgressSchema),
  lastSeq: seq,
}

export const snapshotSchema = z.strictObject(snapshot).openapi('Snapshot')
export const snapshotEventSchema = event('snapshot', snapshot).openapi('SnapshotEvent')
export const eventPageSchema = z
  .object({
    events: z.array(eventSchema),
    nextAfter: seq,
    hasMore: z.boolean(),
    keptAfter: seq.optional().openapi({
      description:
        'The cursor was below this: events up to it are not kept. Read the conversation for what they said.',
    }),
  })
  .openapi('EventPage')
