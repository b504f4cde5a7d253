/** Runs at most so many uses at once; the rest wait in order, each until its signal aborts. */
export type Slots = <T>(signal: AbortSignal, use: () => Promise<T>) => Promise<T>

/** Makes the slots that the callers of one scarce thing share. */
export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()

  async function take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => reject(signal.reason)
    waiting.add(resolve)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await promise
    } finally {
      waiting.delete(resolve)
      signal.removeEventListener('abort', giveUp)
    }
  }

  // A slot goes straight to the next in line, so nobody can overtake.
  function giveBack(): void {
    const [next] = waiting
    if (!next) {
      free += 1
      return
    }
    waiting.delete(next)
    next()
  }

  return async (signal, use) => {
    await take(signal)
    try {
      return await use()
    } finally {
      giveBack()
    }
  }
}
