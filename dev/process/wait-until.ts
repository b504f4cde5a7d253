import { setTimeout as sleep } from 'node:timers/promises'

import { type Child, type Exit, describeExit } from './child.ts'

/** Thrown when a process ended before it served. */
export class EndedEarly extends Error {
  override readonly name = 'EndedEarly'
  readonly exit: Exit

  constructor(exit: Exit) {
    super(`ended before it was ready (${describeExit(exit)})`)
    this.exit = exit
  }
}

export type WaitOptions = { child: Child; timeoutMs: number; signal: AbortSignal }

/**
 * Asks `check` again and again until it says true, while the process lives.
 * @throws EndedEarly when the process ends first; Error when the time is over or `signal` aborts
 */
export async function waitUntilServing(check: () => Promise<boolean>, options: WaitOptions): Promise<void> {
  let exit: Exit | undefined
  void options.child.exited.then((ended) => (exit = ended))
  const deadline = Date.now() + options.timeoutMs
  while (!(await check())) {
    options.signal.throwIfAborted()
    if (exit) throw new EndedEarly(exit)
    if (Date.now() > deadline) throw new Error(`is not ready after ${options.timeoutMs / 1000} s`)
    await sleep(30)
  }
}
