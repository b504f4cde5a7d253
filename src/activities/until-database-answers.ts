import { setTimeout as pause } from 'node:timers/promises'

import { AppError } from '../contracts/errors.ts'

const pauseMs = 250

/**
 * Repeats an idempotent write while PostgreSQL cannot be reached, so that a restart of the database does
 * not cost the model call or the tool that is to be stored.
 */
export async function untilDatabaseAnswers<Result>(
  signal: AbortSignal,
  write: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'database_unavailable' || signal.aborted) throw error
      await pause(pauseMs)
    }
  }
}
