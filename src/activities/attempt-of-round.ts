import type { RoundRef } from '../contracts/turn.ts'
import type { ActivityScope } from './activity-scope.ts'

/**
 * A round that was summed up for is asked for by a second activity, whose attempts begin at 1 again. They are numbered
 * from here on: what the first one has paid and streamed bears its own numbers. More than the first can ever have.
 */
const afterCompaction = 1_000_000

/** The number of an attempt among all of its round: a higher one is a later one. */
export function attemptOfRound(
  { compacted }: Pick<RoundRef, 'compacted'>,
  { attempt }: Pick<ActivityScope, 'attempt'>,
): number {
  return compacted === true ? afterCompaction + attempt : attempt
}
