import { setTimeout as sleep } from 'node:timers/promises'

import type { Logger } from '../ops/logger.ts'

export type Repetition = {
  pauseMs: number
  /** Without a pause before the first time; default false. */
  atOnce?: boolean
  /** What is logged when it has failed; it is done again all the same. */
  failure: string
  logger: Logger
}

/**
 * Does something again and again, with a pause before each time, until the function that it returns is called. That aborts
 * the signal, and resolves when what is under way has ended.
 */
export function repeat(
  act: (signal: AbortSignal) => Promise<void>,
  { pauseMs, atOnce = false, failure, logger }: Repetition,
): () => Promise<void> {
  const stop = new AbortController()
  const { signal } = stop
  const loop = (async () => {
    for (let goesOn = atOnce || (await pause(pauseMs, signal)); goesOn; goesOn = await pause(pauseMs, signal))
      await act(signal).catch((err: unknown) => logger.warn({ err }, failure))
  })()
  return async () => {
    stop.abort(new Error('The worker stops.'))
    await loop
  }
}

/** Waits. False when the signal has ended it. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false)
}
