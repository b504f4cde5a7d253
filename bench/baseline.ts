import { commonDialect } from '../src/models/dialect.ts'
import type { ModelMessage, ModelToolCall } from '../src/models/model-provider.ts'
import { createOpenAiProvider } from '../src/models/openai-provider.ts'

/**
 * The same turn with no durability at all: the loop in this process, the same model over HTTP, the tools as
 * plain functions, nothing stored and nobody told. What a turn costs beyond this is the price of Perdura.
 */
export function createBaseline(baseUrl: string): { runTurn(): Promise<number> } {
  const provider = createOpenAiProvider({
    name: 'scripted',
    baseUrl,
    apiKey: '',
    models: [{ model: 'bench', contextLimitTokens: 128_000 }],
    dialect: commonDialect,
    timeoutMs: 60_000,
    idleTimeoutMs: 60_000,
  })
  const tools = [
    { name: 'time_now', description: 'The current time.', parameters: { type: 'object', properties: {} } },
  ]

  async function callModel(messages: ModelMessage[]): Promise<{ text: string; calls: ModelToolCall[] }> {
    const calls: ModelToolCall[] = []
    let text = ''
    const request = { model: 'bench', system: 'You are an agent.', messages, tools }
    for await (const part of provider.stream(request, new AbortController().signal)) {
      if (part.type === 'text') text += part.delta
      if (part.type === 'toolCall') calls.push(part.call)
    }
    return { text, calls }
  }

  return {
    async runTurn() {
      const startedMs = performance.now()
      const messages: ModelMessage[] = [{ role: 'user', text: 'Go.' }]
      for (;;) {
        const { text, calls } = await callModel(messages)
        if (calls.length === 0) return performance.now() - startedMs
        messages.push({ role: 'assistant', text, toolCalls: calls })
        for (const { id } of calls) {
          messages.push({
            role: 'tool',
            toolCallId: id,
            text: JSON.stringify({ utc: new Date().toISOString() }),
          })
        }
      }
    },
  }
}
