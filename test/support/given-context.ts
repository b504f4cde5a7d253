import { z } from 'zod'

import type { TokenCounter } from '../../src/models/token-counter.ts'
import type { LoggedRequest } from '../../src/models/scripted/request-log.ts'

const bodySchema = z.object({
  max_tokens: z.int().optional(),
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.string().nullish(),
      tool_calls: z
        .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
        .optional(),
      tool_call_id: z.string().optional(),
    }),
  ),
  tools: z.array(z.unknown()).default([]),
})

export type GivenMessage = z.infer<typeof bodySchema>['messages'][number]

/** What a model was given in one request. */
export type GivenContext = {
  messages: GivenMessage[]
  /** All texts together. */
  text: string
  /** Texts, calls and tools, without what services add for each message. */
  tokens: number
  /** Calls without a result directly behind them, and results without a call. */
  broken: string[]
}

/** Reads a request that the scripted model has received, and counts it. */
export function readContext({ body }: LoggedRequest, counter: TokenCounter): GivenContext {
  const { messages, tools } = bodySchema.parse(body)
  const texts = messages.map(({ content }) => content ?? '')
  const calls = messages.flatMap(({ tool_calls: asked = [] }) => asked.map((call) => call.function))
  const counted = [...texts, ...calls.map((call) => `${call.name} ${call.arguments}`), ...tools.map(toJson)]
  return {
    messages,
    text: texts.join('\n'),
    tokens: counted.reduce((sum, text) => sum + counter.count(text), 0),
    broken: listBroken(messages),
  }
}

function listBroken(messages: readonly GivenMessage[]): string[] {
  const awaited: string[] = []
  const broken: string[] = []
  for (const { role, tool_calls: calls = [], tool_call_id: answers = '' } of messages) {
    if (role === 'tool') {
      if (awaited.shift() !== answers) broken.push(`a result of ${answers}`)
      continue
    }
    broken.push(...awaited.splice(0))
    awaited.push(...calls.map(({ id }) => id))
  }
  return [...broken, ...awaited]
}

function toJson(value: unknown): string {
  return JSON.stringify(value)
}
