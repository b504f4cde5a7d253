import type { Logger } from '../ops/logger.ts'
import type { HelperQuestion } from '../schemas/helper-question.ts'
import type { Database } from '../store/database.ts'

/** What chores reach the world through. */
export type ChoreServices = {
  database: Database
  /** Undefined: this deployment has no helper model. */
  ask: (<Value>(question: HelperQuestion<Value>) => Promise<Value>) | undefined
  logger: Logger
}
