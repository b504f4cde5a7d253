/** What the runtime needs from a language model. */
import type { ModelSettings, OfferedSettings } from '../contracts/conversation.ts'

/** One entry of what a model is given, in order. */
export type ModelMessage =
  | { role: 'user'; text: string }
  /** A fact told by the system in the middle of a conversation. */
  | { role: 'note'; text: string }
  | { role: 'assistant'; text: string; toolCalls: ModelToolCall[] }
  | { role: 'tool'; toolCallId: string; text: string }

/** `arguments` is the model's own JSON text; it may be invalid. */
export type ModelToolCall = { id: string; name: string; arguments: string }

/** A tool as a model sees it. `parameters` is a JSON schema of an object. */
export type ModelTool = { name: string; description: string; parameters: Record<string, unknown> }

/** Its settings must be ones that the model takes. */
export type ModelRequest = ModelSettings & {
  /** The provider's own name of the model, without the provider's prefix. */
  model: string
  system: string
  messages: readonly ModelMessage[]
  tools: readonly ModelTool[]
}

/** One piece of a streamed reply. Tool calls come whole, after all text; `finish` comes once, last. */
export type ModelPart =
  | { type: 'text'; delta: string }
  | { type: 'reasoning'; delta: string }
  | { type: 'toolCall'; call: ModelToolCall }
  | { type: 'usage'; inputTokens: number; outputTokens: number; cachedTokens?: number }
  | { type: 'finish'; reason: 'stop' | 'tools' | 'length' | 'filtered' }

/** One model that can be chosen; `id` is `provider/model`. */
export type ModelInfo = {
  id: string
  provider: string
  model: string
  contextLimitTokens: number
  settings: OfferedSettings
}

/**
 * A language model service.
 *
 * Must stream as it receives and stop reading while the consumer does not pull. Must end with `finish`,
 * or throw an `AppError` whose code starts with `model_`; a stream that ends early is `model_stream_cut`,
 * one that is silent for longer than the idle timeout `model_silent`. Must stop the HTTP request when
 * `signal` aborts, and then throw the signal's reason. Never retries by itself. Never mixes reasoning
 * into text. Never puts a key, a header or a body in an error's message. Must tell `onArguments` each
 * piece of a tool call's name and arguments as it comes; what that throws ends the stream.
 */
export interface ModelProvider {
  readonly name: string
  listModels(): readonly ModelInfo[]
  stream(
    request: ModelRequest,
    signal: AbortSignal,
    onArguments?: (delta: string) => void,
  ): AsyncIterable<ModelPart>
}
