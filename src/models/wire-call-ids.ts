import { createHash } from 'node:crypto'

import { LRUCache } from 'lru-cache'

import type { ModelMessage } from './model-provider.ts'

/**
 * Gives every tool call of a request an id that its service accepts and that no other call of the request has,
 * the same for a call and its result. Ids in the history come from any service: some repeat `call_0` in each
 * reply, OpenAI refuses more than 40 characters, Mistral everything but nine letters and digits. One that is
 * valid stays as it is; any other becomes the same each time, so that services can cache by the beginning.
 */
export function withWireCallIds(messages: readonly ModelMessage[], form: RegExp): ModelMessage[] {
  const taken = new Set<string>()
  // A service that repeats `call_0` in each reply would otherwise cost the square of the replies.
  const tries = new Map<string, number>()
  let ofReply = new Map<string, string>()

  function take(id: string): string {
    let wireId = id
    let tried = tries.get(id) ?? 0
    while (!form.test(wireId) || taken.has(wireId)) wireId = toShortId(`${id} ${tried++}`)
    tries.set(id, tried)
    taken.add(wireId)
    return wireId
  }

  return messages.map((message) => {
    if (message.role === 'tool') {
      return { ...message, toolCallId: ofReply.get(message.toolCallId) ?? message.toolCallId }
    }
    if (message.role !== 'assistant') return message
    ofReply = new Map(message.toolCalls.map(({ id }) => [id, take(id)]))
    return {
      ...message,
      toolCalls: message.toolCalls.map((call) => ({ ...call, id: ofReply.get(call.id) ?? call.id })),
    }
  })
}

const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A long conversation asks for hundreds with every call of a model, the same ones each time. */
const shortIds = new LRUCache<string, string>({ max: 20_000, memoMethod: makeShortId })
/** A model may call its calls anything. */
const keptLength = 200

/** Nine letters and digits: what the strictest service takes. */
function toShortId(seed: string): string {
  return seed.length > keptLength ? makeShortId(seed) : shortIds.memo(seed)
}

function makeShortId(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, 9)
  return Array.from(bytes, (byte) => signs[byte % signs.length]).join('')
}
