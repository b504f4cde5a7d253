/** The part of a streamed Chat Completions chunk that is read; services add fields and leave others out. */
import { z } from 'zod'

const contentPart = z.object({
  type: z.string(),
  text: z.string().nullish(),
  thinking: z.array(z.object({ text: z.string().nullish() })).nullish(),
})

const toolCallDelta = z.object({
  index: z.number().nullish(),
  id: z.string().nullish(),
  // Some servers send the arguments as an object instead of its JSON text.
  function: z.object({ name: z.string().nullish(), arguments: z.unknown() }).nullish(),
})

const delta = z.object({
  // Mistral's reasoning models send a list of parts instead of a string.
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish().catch(undefined),
  tool_calls: z.array(toolCallDelta).nullish(),
})

const count = z.number().int().nonnegative()

const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish().catch(undefined),
  prompt_cache_hit_tokens: count.nullish().catch(undefined),
})

/** Schema of one chunk. */
export const replyChunk = z.object({
  choices: z.array(z.object({ delta: delta.nullish(), finish_reason: z.string().nullish() })).nullish(),
  usage: usage.nullish().catch(undefined),
})

export type ReplyChunk = z.infer<typeof replyChunk>
export type ReplyDelta = z.infer<typeof delta>
export type ToolCallDelta = z.infer<typeof toolCallDelta>
export type ReplyUsage = z.infer<typeof usage>
