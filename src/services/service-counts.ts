import type { AppError } from '../contracts/errors.ts'
import type { ServiceReport } from '../contracts/services.ts'

/** What a worker counts of one service. */
export class ServiceCounts {
  calls = 0
  retries = 0
  waits = 0
  waitMs = 0
  readonly errors = new Map<string, number>()
  readonly #queue = new Map<string, number>()

  countCall(isRetry: boolean): void {
    this.calls += 1
    if (isRetry) this.retries += 1
  }

  countError({ code, details }: AppError): void {
    const label = details['status'] === 429 && code === 'chain_unavailable' ? 'chain_rate_limited' : code
    this.errors.set(label, (this.errors.get(label) ?? 0) + 1)
  }

  /** A call begins to wait; call the function that it returns when that ends. */
  beginWait(owner: string): () => void {
    const sinceMs = performance.now()
    this.#queue.set(owner, (this.#queue.get(owner) ?? 0) + 1)
    return () => {
      const left = (this.#queue.get(owner) ?? 1) - 1
      if (left === 0) this.#queue.delete(owner)
      else this.#queue.set(owner, left)
      this.waits += 1
      this.waitMs += performance.now() - sinceMs
    }
  }

  read(): Omit<ServiceReport, 'name' | 'limit' | 'slots' | 'active'> {
    const { calls, retries, waits } = this
    const lengths = [...this.#queue.values()]
    return {
      calls,
      retries,
      waits,
      waitMs: Math.round(this.waitMs),
      errors: Object.fromEntries(this.errors),
      waiting: lengths.reduce((sum, length) => sum + length, 0),
      queue: [...this.#queue]
        .map(([owner, length]) => ({ owner, length }))
        .toSorted((one, other) => other.length - one.length)
        .slice(0, longestQueues),
    }
  }
}

const longestQueues = 20
