/**
 * What a worker and the process of a tool tell each other. Values of tools and services cross as JSON. The tool itself
 * can reach the channel as well, so nothing of it is taken on trust.
 */
import { z } from 'zod'

import { toolOutputLimitBytes } from '../../contracts/limits.ts'
import { serviceAsk } from './service-ask.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** An error as it crosses; one without a code of ours is a fault of the tool. */
export const crossingError = z.object({
  code: z.string().optional(),
  name: z.string(),
  message: z.string(),
  stack: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  retryAfterMs: z.number().optional(),
})
export type CrossingError = z.output<typeof crossingError>

/** One run of a tool, or of one of its steps. */
export const toolOrder = z.object({
  kind: z.literal('order'),
  file: z.string(),
  step: z.string().optional(),
  /** JSON. */
  input: z.string(),
  /** Outputs of earlier steps, as JSON; large ones are cheaper as bytes. */
  earlier: bytes,
  defaultChainId: z.number(),
  facts: z.object({
    owner: z.string(),
    wallet: z.string().exactOptional(),
    chainId: z.number(),
    conversationId: z.string(),
    callId: z.string(),
    idempotencyKey: z.string(),
  }),
})
export type ToolOrder = z.output<typeof toolOrder>

/** What the process of a tool is told. */
export const toProcess = z.discriminatedUnion('kind', [
  toolOrder,
  z.object({ kind: z.literal('abort'), message: z.string() }),
  z.object({ kind: z.literal('answer'), id: z.int(), value: z.string() }),
  z.object({ kind: z.literal('refusal'), id: z.int(), error: crossingError }),
  z.object({ kind: z.literal('stage'), id: z.int(), stage: z.string(), fraction: z.number() }),
])
export type ToProcess = z.output<typeof toProcess>

/** What it says. */
export const fromProcess = z.discriminatedUnion('kind', [
  /** The tool is loaded and runs: its time counts from here. */
  z.object({ kind: z.literal('begun') }),
  /** It has got the abort: it gives the processor back. */
  z.object({ kind: z.literal('heard') }),
  z.object({
    kind: z.literal('progress'),
    stage: z.string(),
    fraction: z.number().optional(),
    message: z.string().optional(),
  }),
  z.object({ kind: z.literal('log'), message: z.string(), fields: z.record(z.string(), z.unknown()) }),
  z.object({ kind: z.literal('ask'), id: z.int(), ask: serviceAsk }),
  z.object({ kind: z.literal('unask'), id: z.int() }),
  /** The tool is done; what follows is only its output. */
  z.object({ kind: z.literal('returned') }),
  z.object({
    kind: z.literal('output'),
    utf8: bytes.refine(({ length }) => length <= toolOutputLimitBytes),
    isPlainText: z.boolean(),
    totalChars: z.int(),
  }),
  z.object({ kind: z.literal('failed'), error: crossingError }),
  /** Something of the tool has thrown where nobody could catch it. */
  z.object({ kind: z.literal('thrown'), error: crossingError }),
  /** The run is over. Quiet: nothing of it is left that could disturb the next one. */
  z.object({ kind: z.literal('rested'), isQuiet: z.boolean() }),
])
export type FromProcess = z.output<typeof fromProcess>
