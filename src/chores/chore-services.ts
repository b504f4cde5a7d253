import type { z } from 'zod'

import type { CallKey } from '../contracts/usage.ts'
import type { Logger } from '../ops/logger.ts'
import type { Database } from '../store/database.ts'

/** One question to the helper model, whose answer fits the schema. */
export type ChoreQuestion<Value> = {
  key: CallKey
  system: string
  text: string
  schema: z.ZodType<Value>
  maxOutputTokens: number
  /** A chore as a whole is tried twice. */
  tries: 1
  signal: AbortSignal
}

/** What chores reach the world through. */
export type ChoreServices = {
  database: Database
  /** Undefined: this deployment has no helper model. */
  ask: (<Value>(question: ChoreQuestion<Value>) => Promise<Value>) | undefined
  logger: Logger
}
