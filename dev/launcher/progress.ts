const silenceMs = 10_000

/** Shows how a start goes on, and that it still lives when it has nothing to say for a while. */
export class Progress {
  readonly #startedMs = Date.now()
  readonly #show: (text: string) => void
  readonly #timer: NodeJS.Timeout

  constructor(show: (text: string) => void) {
    this.#show = show
    show('starting')
    this.#timer = setInterval(() => this.#show(`still starting after ${this.seconds()} s`), silenceMs)
  }

  /** Shows what happens. */
  report(text: string): void {
    this.#show(text)
    this.#timer.refresh()
  }

  /** The time since the beginning, for a person. */
  seconds(): string {
    return ((Date.now() - this.#startedMs) / 1000).toFixed(1)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
