import { type GateLoad, WeightedGate } from '../ops/weighted-gate.ts'

/** Calls of models that a worker has under way at once: so many of each provider, so that a slow one takes no other's. */
export class ModelSlots {
  readonly #limit: number
  readonly #gates = new Map<string, WeightedGate>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The gate of the provider that a model's id begins with. */
  of(modelId: string): WeightedGate {
    const provider = modelId.slice(0, Math.max(modelId.indexOf('/'), 0))
    const gate = this.#gates.get(provider) ?? new WeightedGate(this.#limit)
    this.#gates.set(provider, gate)
    return gate
  }

  /** By provider, of those that were asked so far. */
  loads(): Map<string, GateLoad> {
    return new Map([...this.#gates].map(([provider, gate]) => [provider, gate.load()]))
  }
}
