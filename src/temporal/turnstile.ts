/** Lets so many at a time through for each key; the others wait in the order in which they came. */
export class Turnstile {
  readonly #places: number
  readonly #byKey = new Map<string, { inside: number; waiting: Set<() => void> }>()

  constructor(places: number) {
    this.#places = places
  }

  /** Runs as soon as there is a place. Undefined when there was none until `deadlineMs` (Unix). */
  async pass<Result>(
    key: string,
    deadlineMs: number,
    run: () => Promise<Result>,
  ): Promise<Result | undefined> {
    if (!(await this.#enter(key, deadlineMs))) return undefined
    try {
      return await run()
    } finally {
      this.#leave(key)
    }
  }

  #enter(key: string, deadlineMs: number): Promise<boolean> | boolean {
    const gate = this.#byKey.get(key) ?? { inside: 0, waiting: new Set() }
    this.#byKey.set(key, gate)
    if (gate.inside < this.#places) {
      gate.inside += 1
      return true
    }
    return new Promise((resolve) => {
      const admit = () => {
        clearTimeout(timer)
        resolve(true)
      }
      const timer = setTimeout(() => {
        gate.waiting.delete(admit)
        resolve(false)
      }, deadlineMs - Date.now())
      gate.waiting.add(admit)
    })
  }

  /** Passes the place on. */
  #leave(key: string): void {
    const gate = this.#byKey.get(key)
    if (gate === undefined) return
    const [next] = gate.waiting
    if (next !== undefined) {
      gate.waiting.delete(next)
      next()
      return
    }
    gate.inside -= 1
    if (gate.inside === 0) this.#byKey.delete(key)
  }
}
