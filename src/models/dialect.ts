/** Where OpenAI-compatible services differ in what they accept. */
export type Dialect = {
  /** Whether `stream_options` may be sent. Mistral answers 422 to it and sends usage unasked. */
  streamOptions: boolean
  /** OpenAI's newer models refuse `max_tokens`; most others know nothing else. */
  outputLimitField: 'max_tokens' | 'max_completion_tokens'
  /** Gemini 3 refuses a tool call in the history that lacks a thought signature. */
  thoughtSignature: boolean
  /** Ids of tool calls that it accepts; those of another service may be none of them. */
  callIds: RegExp
  /** Mistral refuses a user's message right behind the results of tools. */
  userAfterTools: boolean
}

/** What an OpenAI-compatible service that is not known by name is assumed to speak. */
export const commonDialect: Dialect = {
  streamOptions: true,
  outputLimitField: 'max_tokens',
  thoughtSignature: false,
  // OpenAI's length, and the characters that services use themselves.
  callIds: /^[\w.:-]{1,40}$/,
  userAfterTools: true,
}
