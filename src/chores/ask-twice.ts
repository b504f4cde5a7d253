import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { HelperQuestion } from '../schemas/helper-question.ts'
import { type Chore, giveBackChore } from '../store/chores.ts'
import type { ChoreServices } from './chore-services.ts'

/** No second try does better. */
const final: readonly ErrorCode[] = ['day_budget', 'owner_budget', 'model_unauthorized']
const tryLimit = 2
const pauseMs = 5_000

/**
 * Asks the helper model for a chore. `given up`: there is none, or it has failed as often as it may. `put off`: the
 * chore was given back for another try.
 */
export async function askTwice<Value>(
  chore: Chore,
  question: Omit<HelperQuestion<Value>, 'key' | 'tries'>,
  { ask, database, logger }: ChoreServices,
): Promise<{ kind: 'answer'; value: Value } | { kind: 'given up' } | { kind: 'put off' }> {
  const { conversationId, owner, kind, turns, try: given } = chore
  if (ask === undefined || given > tryLimit) return { kind: 'given up' }
  try {
    // By the number of turns as well: a memory entry is written again and again.
    const key = { id: `${conversationId}.${kind}.t${turns}.a${given}`, kind, owner, conversationId }
    // The chore as a whole is tried twice.
    return { kind: 'answer', value: await ask({ key, tries: 1, ...question }) }
  } catch (err) {
    const interrupted = question.signal.aborted
    if (!interrupted) {
      logger.warn({ err, conversationId, kind, try: given }, 'the helper model failed')
      if (given === tryLimit || isFinal(err)) return { kind: 'given up' }
    }
    // An interrupted try counts: it may have been paid.
    await giveBackChore(database, chore, interrupted ? 0 : pauseMs)
    return { kind: 'put off' }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof AppError && final.includes(error.code)
}
