import type { ModelPart, ModelToolCall } from '../models/model-provider.ts'
import type { DeltaWriter } from './delta-writer.ts'

/** What a model said in one call. */
export type Reply = {
  calls: ModelToolCall[]
  usage: { inputTokens: number; outputTokens: number; cachedTokens?: number } | undefined
  /** Undefined while it is not finished. */
  reason: 'stop' | 'tools' | 'length' | 'filtered' | undefined
}

/** Reads a reply to its end, or to the error that cut it. Text goes to the writer as it comes. */
export async function readReply(
  parts: AsyncIterable<ModelPart>,
  writer: DeltaWriter,
  reply: Reply,
): Promise<void> {
  for await (const part of parts) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        await writer.write(part.type, part.delta)
        break
      case 'toolCall':
        reply.calls.push(part.call)
        break
      case 'usage': {
        const { type: _type, ...usage } = part
        reply.usage = usage
        break
      }
      case 'finish':
        reply.reason = part.reason
        break
    }
  }
}
