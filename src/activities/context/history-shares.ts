/**
 * How the strategy `summary` divides what messages may take in a call. One set for who finds that something must be
 * summed up and for who chooses what: a round that asks in vain would ask again in each of its turn's rounds.
 */
export const historyShares = {
  /** Where the older part is summed up. */
  highWater: 0.75,
  /** Of the latest turns: each stays as it is up to here. */
  latest: 0.3,
  /** Of the other recent turns that stay, all together. */
  recent: 0.2,
  /** Of a summary when it is written, and once more of the list of facts beside it. */
  summary: 0.12,
  /** Of the note of both, also in a smaller window than that for which it was written. */
  note: 0.35,
} as const

/** A model with a larger window is not given all of it: each call would pay for months of talk. */
const summarizedWindowTokens = 130_000

/** Answers how many tokens the shares are shares of. */
export function toSummarizedWindow(budgetTokens: number): number {
  return Math.min(Math.max(budgetTokens, 0), summarizedWindowTokens)
}
