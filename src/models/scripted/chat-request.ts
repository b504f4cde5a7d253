/** What the scripted model reads of a Chat Completions request. */
import { z } from 'zod'

const content = z.union([
  z.string(),
  z
    .array(z.object({ text: z.string().optional() }))
    .transform((parts) => parts.map(({ text }) => text ?? '').join('')),
])

const message = z.object({
  role: z.string(),
  content: content.nullish().transform((text) => text ?? ''),
  tool_calls: z
    .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
    .nullish(),
  tool_call_id: z.string().nullish(),
})

/** Schema of a request. */
export const chatRequest = z.object({
  model: z.string(),
  messages: z.array(message),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
})

export type ChatRequest = z.infer<typeof chatRequest>
export type ChatMessage = z.infer<typeof message>

/** The messages that follow the last one from the user, and that one's text. */
export function readLastTurn({ messages }: ChatRequest): { text: string; since: ChatMessage[] } {
  const index = messages.findLastIndex(({ role }) => role === 'user')
  return { text: messages[index]?.content ?? '', since: messages.slice(index + 1) }
}

/**
 * The name in `[script:NAME]` of the latest user message that has one. The model `helper` has scripts of its own,
 * `helper:NAME`, because what it is asked about holds the words of the conversation.
 */
export function findScriptKey({ model, messages }: ChatRequest): string | undefined {
  const prefix = model === 'helper' ? 'helper:' : ''
  for (const { role, content: text } of messages.toReversed()) {
    const key = role === 'user' ? /\[script:([^\]\s]+)\]/.exec(text)?.[1] : undefined
    if (key) return `${prefix}${key}`
  }
  return undefined
}
