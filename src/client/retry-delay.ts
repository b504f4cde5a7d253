/** First pause and longest pause between two tries, in milliseconds. */
const firstDelayMs = 100
const longestDelayMs = 5_000
/** A server that was away for t is found again within about t / 3; doubling would take as long as t. */
const growth = 1.5

export type RetryDelayOptions = {
  /** The pause that the server asked for; never waits less. */
  atLeastMs?: number | undefined
  /** A number in [0, 1). */
  random?: () => number
}

/**
 * How long to wait before try number `attempt` (from 0), in milliseconds: growing, with half of it left
 * to chance so that many clients of a restarted server do not return in the same moment.
 */
export function retryDelayMs(attempt: number, options: RetryDelayOptions = {}): number {
  const { atLeastMs = 0, random = Math.random } = options
  const fullMs = Math.min(longestDelayMs, firstDelayMs * growth ** Math.min(attempt, 16))
  const jitteredMs = fullMs / 2 + (fullMs / 2) * random()
  return jitteredMs >= atLeastMs ? jitteredMs : atLeastMs + (fullMs / 2) * random()
}
