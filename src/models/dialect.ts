/** Where OpenAI-compatible services differ in what they accept. */
export type Dialect = {
  /** Whether `stream_options` may be sent. Mistral answers 422 to it and sends usage unasked. */
  streamOptions: boolean
  /** OpenAI's newer models refuse `max_tokens`; most others know nothing else. */
  outputLimitField: 'max_tokens' | 'max_completion_tokens'
  /** Gemini 3 refuses a tool call in the history that lacks a thought signature. */
  thoughtSignature: boolean
}

/** What an OpenAI-compatible service that is not known by name is assumed to speak. */
export const commonDialect: Dialect = {
  streamOptions: true,
  outputLimitField: 'max_tokens',
  thoughtSignature: false,
}
