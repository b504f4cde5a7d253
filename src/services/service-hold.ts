import type { HoldReason } from '../store/services.ts'

/** What a worker knows of a service that is to be left alone. */
export type KnownHold = { why: HoldReason; untilMs: number }

/** Whether a service is left alone, as far as this worker knows, and who waits for it to be otherwise. */
export class ServiceHold {
  #known: KnownHold | undefined
  readonly #listeners = new Set<(hold: KnownHold | undefined) => void>()

  get known(): KnownHold | undefined {
    return this.#known
  }

  /** For how long nobody is to ask it; 0 when a question is due. */
  get leftMs(): number {
    return this.#known === undefined ? 0 : Math.max(0, this.#known.untilMs - performance.now())
  }

  set(why: HoldReason, ms: number): void {
    this.#change({ why, untilMs: performance.now() + ms })
  }

  clear(): void {
    if (this.#known !== undefined) this.#change(undefined)
  }

  /** Calls `listener` at each change, until the returned function is called. */
  onChange(listener: (hold: KnownHold | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #change(hold: KnownHold | undefined): void {
    this.#known = hold
    for (const listener of this.#listeners) listener(hold)
  }
}
