import { setTimeout as pause } from 'node:timers/promises'

const lookMs = 100
/** Heartbeats are due each second, and may be late by nine. */
const longestMs = 1_000

/**
 * Sees to it that heartbeats go out while much is written down: results that come in the same moment would
 * otherwise be written one after the other, and nothing in between.
 */
export type LoopBreath = {
  /** Does the work at once, or after a breath when timers have been kept waiting for a second. */
  work<Result>(work: () => Result): Promise<Result>
  close(): void
}

/** Begins to watch how long timers are kept waiting. */
export function openLoopBreath(): LoopBreath {
  let lookedAt = performance.now()
  const look = setInterval(() => {
    lookedAt = performance.now()
  }, lookMs).unref()
  return {
    async work(work) {
      // Of those that wait, each looks again: the ones before it may have taken their time.
      while (performance.now() - lookedAt > longestMs) await pause(lookMs)
      return work()
    },
    close: () => clearInterval(look),
  }
}
