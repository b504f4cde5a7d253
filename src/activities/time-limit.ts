/** Calls `onEnd` when its time is over. The time stands still while anything has paused it. */
export class TimeLimit {
  readonly #onEnd: () => void
  #timer: NodeJS.Timeout | undefined
  #leftMs: number | undefined
  #sinceMs = 0
  #pauses = 0

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Begins anew with this time. */
  set(limitMs: number): void {
    this.#leftMs = limitMs
    this.#run()
  }

  /** Stops the time until the returned function is called. */
  pause(): () => void {
    if (this.#pauses === 0) this.#halt()
    this.#pauses += 1
    let paused = true
    return () => {
      if (!paused) return
      paused = false
      this.#pauses -= 1
      this.#run()
    }
  }

  end(): void {
    this.#leftMs = undefined
    clearTimeout(this.#timer)
  }

  #run(): void {
    clearTimeout(this.#timer)
    if (this.#pauses > 0 || this.#leftMs === undefined) return
    this.#sinceMs = performance.now()
    this.#timer = setTimeout(this.#onEnd, this.#leftMs)
  }

  #halt(): void {
    clearTimeout(this.#timer)
    if (this.#leftMs !== undefined) this.#leftMs -= performance.now() - this.#sinceMs
  }
}
