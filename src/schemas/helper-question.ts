import type { z } from 'zod'

import type { CallKey } from '../contracts/usage.ts'

/** One question to the helper model, whose answer fits the schema. */
export type HelperQuestion<Value> = {
  /** What the first try is booked under; its id must be another one for each attempt. */
  key: CallKey
  /** What is to be done. The form of the answer is added. */
  system: string
  text: string
  /** Of the JSON object that is the answer. */
  schema: z.ZodType<Value>
  /** Of the answer alone. */
  maxOutputTokens: number
  /** How often it may be asked when the answer does not fit. */
  tries: 1 | 2
  signal: AbortSignal
}
