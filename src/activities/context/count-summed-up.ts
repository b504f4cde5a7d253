import { bytesPerToken } from '../../models/token-counter.ts'
import { historyShares } from './history-shares.ts'

/** Why something is summed up: a call does not fit, or somebody asked for it. */
export type SummingReason = 'full' | 'asked'

/** How many of the latest turns stay, and how much of the others. */
const kept = {
  // The turn that runs is one of the latest two.
  full: { latest: 1, recentShare: historyShares.recent },
  asked: { latest: 2, recentShare: 0 },
} as const satisfies Record<SummingReason, object>

/**
 * Decides how many of the turns, from the oldest, are to be summed up. The rest stays as it is: as many as fit their
 * share of the window, and the latest also when they take more. Never fewer when turns are larger, or more.
 */
export function countSummedUp(
  turnBytes: readonly number[],
  { windowTokens, reason }: { windowTokens: number; reason: SummingReason },
): number {
  const { latest, recentShare } = kept[reason]
  const windowBytes = windowTokens * bytesPerToken
  let keptBytes = 0
  let turns = 0
  for (const sizeBytes of turnBytes.toReversed()) {
    const share = turns < latest ? historyShares.latest : recentShare
    if (keptBytes + sizeBytes > windowBytes * share) break
    keptBytes += sizeBytes
    turns += 1
  }
  return turnBytes.length - turns
}
