type Waiting = { weight: number; pass(): void }

/**
 * Lets work in while the weights of what is inside stay within a limit; the rest waits, in order. Work that is
 * heavier than the limit goes in alone.
 */
export class WeightedGate {
  readonly #limit: number
  #inside = 0
  #waiting: Waiting[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Goes in at once, or returns undefined. The function that it returns must be called when the work is over. */
  tryEnter(weight: number): (() => void) | undefined {
    if (this.#waiting.length > 0 || !this.#hasRoom(weight)) return undefined
    return this.#admit(weight)
  }

  /** Waits for its turn. Rejects with the signal's reason, and then is not inside. */
  async enter(weight: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const entered = this.tryEnter(weight)
    if (entered !== undefined) return entered
    const { promise, resolve, reject } = Promise.withResolvers<() => void>()
    const waiting: Waiting = { weight, pass: () => resolve(this.#admit(weight)) }
    const giveUp = (): void => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      reject(signal.reason)
      // Lighter work may have waited behind it.
      this.#letIn()
    }
    this.#waiting.push(waiting)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  #hasRoom(weight: number): boolean {
    return this.#inside === 0 || this.#inside + weight <= this.#limit
  }

  #admit(weight: number): () => void {
    this.#inside += weight
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#inside -= weight
      this.#letIn()
    }
  }

  #letIn(): void {
    for (
      let [next] = this.#waiting;
      next !== undefined && this.#hasRoom(next.weight);
      [next] = this.#waiting
    ) {
      this.#waiting.shift()
      next.pass()
    }
  }
}
