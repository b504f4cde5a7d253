import { setImmediate as breathe } from 'node:timers/promises'

import { LRUCache } from 'lru-cache'

import type { MessageRole } from '../../contracts/conversation.ts'
import { noteHeading } from '../../models/chat-body.ts'
import type { ModelRequest, ModelTool } from '../../models/model-provider.ts'
import type { TokenCounter } from '../../models/token-counter.ts'
import type { HistoryMessage } from '../../store/history-backend.ts'

/**
 * What texts and messages take of a context, in tokens. Counts are remembered, because a turn asks again and again;
 * what is new is counted in small portions, so that a long text never holds up the process.
 */
export interface MessageSizes {
  /** For texts that come again with other calls. @throws the signal's reason */
  countTexts(texts: readonly string[], counter: TokenCounter, signal: AbortSignal): Promise<number>
  /** Each with what the wire adds to messages and calls. @throws the signal's reason */
  countMessages(
    messages: readonly HistoryMessage[],
    counter: TokenCounter,
    signal: AbortSignal,
  ): Promise<number[]>
}

/** About 200 bytes each. */
const rememberedMessages = 50_000
/** System texts and tools: few, and long. */
const rememberedTexts = 200
/** What is counted at a time takes about 3 ms; a multiple of the counter's own portions, whose ends cost tokens. */
const portionLength = 8_000

/** What services add for each message, and for each call or result in it. Measured ones are lower. */
export const tokensPerMessage = 5
export const tokensPerCall = 12

/** Makes the memory of counts; a worker has one. */
export function createMessageSizes(): MessageSizes {
  const messageTokens = new LRUCache<string, number>({ max: rememberedMessages })
  const textTokens = new LRUCache<string, number>({ max: rememberedTexts })

  return {
    async countTexts(texts, counter, signal) {
      const count = inPortions(counter, signal)
      let sum = 0
      for (const text of texts) {
        const key = `${counter.isExact} ${text}`
        const tokens = textTokens.get(key) ?? (await count(text))
        textTokens.set(key, tokens)
        sum += tokens
      }
      return sum
    },
    async countMessages(messages, counter, signal) {
      const count = inPortions(counter, signal)
      const counted: number[] = []
      for (const message of messages) {
        const key = `${counter.isExact} ${message.id} ${message.text?.length}`
        const known = messageTokens.get(key)
        const tokens = known ?? (await countMessage(message, count))
        if (known === undefined) messageTokens.set(key, tokens)
        counted.push(tokens)
      }
      return counted
    },
  }
}

/** Counts all that one call gives a model to read, and remembers nothing of it. @throws the signal's reason */
export async function countRequest(
  { system, tools, messages }: Pick<ModelRequest, 'system' | 'tools' | 'messages'>,
  counter: TokenCounter,
  signal: AbortSignal,
): Promise<number> {
  const count = inPortions(counter, signal)
  let tokens = 0
  for (const text of [system, ...tools.map(toToolText)]) tokens += await count(text)
  for (const message of messages) tokens += await countMessage(message, count)
  return tokens
}

/** A tool as a model is told of it. */
export function toToolText(tool: ModelTool): string {
  return JSON.stringify({ type: 'function', function: tool })
}

type Count = (text: string) => Promise<number>

/** What counts of a message, in a history as in a request. */
type CountedMessage = {
  role: MessageRole
  text?: string
  toolCalls?: readonly { name: string; arguments: string }[]
}

async function countMessage({ role, text = '', toolCalls = [] }: CountedMessage, count: Count) {
  const calls = role === 'tool' ? 1 : toolCalls.length
  let tokens = tokensPerMessage + calls * tokensPerCall
  tokens += await count(role === 'note' ? `${noteHeading}\n${text}` : text)
  for (const call of toolCalls) tokens += await count(`${call.name} ${call.arguments}`)
  return tokens
}

/** Counts the text and the calls of a message in UTF-8, never as more than the store does. */
export function countBytes({ text = '', toolCalls }: HistoryMessage): number {
  return (
    Buffer.byteLength(text) + (toolCalls === undefined ? 0 : Buffer.byteLength(JSON.stringify(toolCalls)))
  )
}

/** Counts one text after the other and lets others have a turn after each portion, of one text or of many. */
export function inPortions(counter: TokenCounter, signal: AbortSignal): Count {
  let counted = 0
  return async (text) => {
    let tokens = 0
    for (let from = 0; from < text.length; from += portionLength) {
      if (counted >= portionLength) {
        await breathe()
        counted = 0
      }
      signal.throwIfAborted()
      const portion = text.slice(from, from + portionLength)
      tokens += counter.count(portion)
      counted += portion.length
    }
    return tokens
  }
}
