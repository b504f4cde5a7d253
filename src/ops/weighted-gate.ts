type Waiting = { weight: number; key: string; sinceMs: number; pass(leave: () => void): void }

/** How full a gate is, as of now. */
export type GateLoad = {
  limit: number
  /** The weights of what is inside. */
  inside: number
  waiting: number
  /** How many keys wait, whatever each of them waits for. */
  waitingKeys: number
  /** How long the one that has waited longest waits; 0 when nobody does. */
  longestWaitMs: number
}

/** What a key holds may be this many times what it leaves to all others. */
const shareOfFree = 3
/** Of work that names no key: it is of nobody in particular, and has no share. */
const nobody = ''

/**
 * Lets work in while the weights of what is inside stay within a limit. Work that is heavier than the limit goes in
 * alone. The rest waits: work of one key in order, and keys in turn, one work each, so that nobody's work waits
 * behind more than one of each other key.
 *
 * A key that is inside gets no more than a share: three times what it would leave free. One key alone gets three
 * quarters, two get three sevenths each, and one that comes later still finds room, however long the work inside
 * takes. What a key holds nothing of it may always enter while there is room.
 */
export class WeightedGate {
  readonly #limit: number
  #inside = 0
  readonly #held = new Map<string, number>()
  /** By key, in the order of their turns. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Goes in at once, or returns undefined. The function that it returns must be called when the work is over. */
  tryEnter(weight: number, key = nobody): (() => void) | undefined {
    let entered: (() => void) | undefined
    const waiting = this.#wait(weight, key, (leave) => {
      entered = leave
    })
    if (entered === undefined) this.#giveUp(waiting)
    return entered
  }

  /** Waits for its turn. Rejects with the signal's reason, and then is not inside. */
  async enter(weight: number, signal: AbortSignal, key = nobody): Promise<() => void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<() => void>()
    const waiting = this.#wait(weight, key, resolve)
    const onAbort = (): void => {
      this.#giveUp(waiting)
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Whether as many wait as may be inside, one of this key among them: then no more of it should wait here. */
  isCrowded(key: string): boolean {
    return this.#waiting.has(key) && this.load().waiting >= this.#limit
  }

  load(): GateLoad {
    const waiting = [...this.#waiting.values()].flat()
    const nowMs = performance.now()
    return {
      limit: this.#limit,
      inside: this.#inside,
      waiting: waiting.length,
      waitingKeys: this.#waiting.size,
      longestWaitMs: waiting.reduce((longest, { sinceMs }) => Math.max(longest, nowMs - sinceMs), 0),
    }
  }

  #wait(weight: number, key: string, pass: Waiting['pass']): Waiting {
    const waiting: Waiting = { weight, key, sinceMs: performance.now(), pass }
    const queue = this.#waiting.get(key)
    if (queue === undefined) this.#waiting.set(key, [waiting])
    else queue.push(waiting)
    this.#letIn()
    return waiting
  }

  #giveUp(waiting: Waiting): void {
    const queue = this.#waiting.get(waiting.key)
    const place = queue?.indexOf(waiting) ?? -1
    if (queue === undefined || place < 0) return
    queue.splice(place, 1)
    if (queue.length === 0) this.#waiting.delete(waiting.key)
    // Lighter work may have waited behind it.
    this.#letIn()
  }

  #letIn(): void {
    for (let next = this.#findNext(); next !== undefined; next = this.#findNext()) {
      const { key, weight, pass } = next
      const queue = this.#waiting.get(key) ?? []
      queue.shift()
      // Its next turn comes after those of all others.
      this.#waiting.delete(key)
      if (queue.length > 0) this.#waiting.set(key, queue)
      pass(this.#admit(weight, key))
    }
  }

  /** Whose turn it is, if there is room for it. Keys that hold their share are passed over, and keep their turn. */
  #findNext(): Waiting | undefined {
    for (const [next] of this.#waiting.values()) {
      if (next === undefined || !this.#isWithinShare(next)) continue
      // Nobody overtakes it, or heavy work would wait for ever.
      return this.#hasRoom(next.weight) ? next : undefined
    }
    return undefined
  }

  #hasRoom(weight: number): boolean {
    return this.#inside === 0 || this.#inside + weight <= this.#limit
  }

  #isWithinShare({ weight, key }: Waiting): boolean {
    const held = this.#held.get(key) ?? 0
    if (key === nobody || held === 0) return true
    return held + weight <= shareOfFree * (this.#limit - this.#inside - weight)
  }

  #admit(weight: number, key: string): () => void {
    this.#inside += weight
    this.#held.set(key, (this.#held.get(key) ?? 0) + weight)
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#inside -= weight
      const held = (this.#held.get(key) ?? 0) - weight
      if (held > 0) this.#held.set(key, held)
      else this.#held.delete(key)
      this.#letIn()
    }
  }
}
