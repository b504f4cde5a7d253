import { WeightedGate } from '../ops/weighted-gate.ts'
import type { ServicePace, SharedServices } from '../store/services.ts'
import type { ServiceHold } from './service-hold.ts'
import type { ServiceWait } from './service-wait.ts'

export type ServiceTurnsOptions = {
  name: string
  /** Undefined: the service has no limit. */
  pace: ServicePace | undefined
  hold: ServiceHold
  shared: SharedServices
}

/** How often a worker looks whether another one's probe has ended, should nobody tell it. */
const probeLookMs = 250

/** Whose turn it is to send a request, over all workers. One call at a time asks for it, so that those behind keep their places. */
export class ServiceTurns {
  readonly #options: ServiceTurnsOptions
  readonly #line = new WeightedGate(1)

  constructor(options: ServiceTurnsOptions) {
    this.#options = options
  }

  /** Whether anybody has to ask: the service has a limit, or is being left alone. */
  get areAsked(): boolean {
    return this.#options.pace !== undefined || this.#options.hold.known !== undefined
  }

  /**
   * Waits for a turn. True: as the one request that finds out whether the service answers again; that must be told by
   * `release`, `hold` or `endProbe`.
   */
  async take(wait: ServiceWait, owner: string): Promise<boolean> {
    if (!this.areAsked) return false
    const leaveLine = await this.#line.enter(1, wait.signal, owner)
    try {
      return await this.#ask(wait)
    } finally {
      leaveLine()
    }
  }

  async #ask(wait: ServiceWait): Promise<boolean> {
    const { name, pace, hold, shared } = this.#options
    for (;;) {
      wait.signal.throwIfAborted()
      if (hold.leftMs > 0) {
        await wait.pause(hold.leftMs)
        continue
      }
      if (!this.areAsked) return false
      const turn = await shared.take(name, pace)
      switch (turn.kind) {
        case 'go':
          hold.clear()
          if (await this.#reach(turn.ms, wait)) return false
          break
        case 'probe':
          await this.#reachProbe(turn.ms, wait)
          return true
        case 'held':
          hold.set(turn.why, turn.ms)
          break
        case 'probing':
          hold.set(turn.why, Math.min(turn.ms, probeLookMs))
          break
        case 'wait':
          wait.expect(turn.ms)
          await wait.pause(turn.ms)
      }
    }
  }

  /** False when the service is to be left alone before the turn has come; the turn is lost then. */
  async #reach(ms: number, wait: ServiceWait): Promise<boolean> {
    await pauseWhole(ms, wait, () => this.#options.hold.known === undefined)
    wait.signal.throwIfAborted()
    return this.#options.hold.known === undefined
  }

  async #reachProbe(ms: number, wait: ServiceWait): Promise<void> {
    try {
      await pauseWhole(ms, wait, () => true)
      wait.signal.throwIfAborted()
    } catch (error) {
      // A database that is away forgets it by itself, later.
      await this.#options.shared.endProbe(this.#options.name).catch(() => {})
      throw error
    }
  }
}

/** Waits the whole time, whatever changes meanwhile, as long as it makes sense. */
async function pauseWhole(ms: number, wait: ServiceWait, makesSense: () => boolean): Promise<void> {
  const untilMs = performance.now() + ms
  for (let leftMs = ms; leftMs > 0 && makesSense(); leftMs = untilMs - performance.now())
    await wait.pause(leftMs)
}
