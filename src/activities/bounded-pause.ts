/** Pauses something while anything waits, but for no longer than its limit in all. */
export class BoundedPause {
  readonly #pause: () => () => void
  #leftMs: number
  #sinceMs = 0
  #waiting = 0
  #resume: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  /** `pause` returns what ends it. */
  constructor(limitMs: number, pause: () => () => void) {
    this.#leftMs = limitMs
    this.#pause = pause
  }

  /** A wait begins; it ends when the returned function is called. Waits at the same time count once. */
  begin(): () => void {
    if (this.#waiting++ === 0 && this.#leftMs > 0) {
      this.#sinceMs = performance.now()
      this.#resume = this.#pause()
      this.#timer = setTimeout(() => this.#end(), this.#leftMs)
    }
    let isWaiting = true
    return () => {
      if (!isWaiting) return
      isWaiting = false
      if (--this.#waiting === 0) this.#end()
    }
  }

  #end(): void {
    if (this.#resume === undefined) return
    clearTimeout(this.#timer)
    this.#leftMs -= performance.now() - this.#sinceMs
    this.#resume()
    this.#resume = undefined
  }
}
