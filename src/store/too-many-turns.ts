import { AppError } from '../contracts/errors.ts'

/** What is said to an owner who has as many turns open as the limit allows. */
export function tooManyTurns(turnLimit: number): AppError {
  return new AppError(
    'too_many_turns',
    `${turnLimit} turns of yours are open. Wait until one ends, or stop one.`,
    { retryAfterMs: 5_000 },
  )
}
