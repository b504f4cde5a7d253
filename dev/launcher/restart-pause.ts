const pausesMs = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000]

/** A part that has run this long is taken for healthy again: its next death counts as the first. */
export const stableAfterMs = 60_000

/** How long to wait before a part is started again after so many deaths in a row. */
export function restartPauseMs(deathsBefore: number): number {
  return pausesMs[Math.min(deathsBefore, pausesMs.length - 1)] ?? 0
}
