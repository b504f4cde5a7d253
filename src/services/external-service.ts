import { AppError, type ErrorCode } from '../contracts/errors.ts'
import { WeightedGate } from '../ops/weighted-gate.ts'
import type { CircuitState, RequestLimit, ServiceReport } from '../contracts/services.ts'
import type { HoldReason, SharedServices } from '../store/services.ts'
import type { ServiceCaller } from './service-caller.ts'
import { ServiceCounts } from './service-counts.ts'
import { ServiceHold } from './service-hold.ts'
import { ServiceTurns } from './service-turns.ts'
import { judgeFailure, type ServiceVerdict } from './service-verdict.ts'
import { beginWait, type ServiceWait, toldPauseMs } from './service-wait.ts'
import { toPace } from './to-pace.ts'

export type ExternalServiceOptions = {
  /** `model:NAME`, `chain:ID` or `http:NAME`. */
  name: string
  /** What calls fail with while the service is down. */
  downCode: ErrorCode
  /** Over all workers. Undefined: as many as come. */
  limit?: RequestLimit
  /** Requests that this worker may have under way. Undefined: as many as come. */
  slots?: number
  /** Failures in a row after which the service counts as down. */
  failureLimit: number
  shared: SharedServices
  onProblem(error: unknown): void
}

/** A request that may be sent now. Must be left when it is over, however it ended. */
export type Admission = {
  /** The service answers, or begins to. */
  answered(): void
  /** The request failed. Resolves when all workers know what follows from that. */
  failed(error: unknown): Promise<void>
  leave(): void
}

/** How long after a 429 that names no time. */
const unnamedPauseMs = 1_000
/** The longest that a service gets on its word. */
const longestPauseMs = 300_000

/**
 * What a worker sends to one service outside goes through here: within the limit of all workers and this worker's slots,
 * and not at all while the service is to be left alone. A service without a limit that works costs no question to anybody.
 */
export class ExternalService {
  readonly name: string
  readonly hold = new ServiceHold()
  readonly #options: ExternalServiceOptions
  readonly #turns: ServiceTurns
  readonly #slots: WeightedGate | undefined
  readonly #counts = new ServiceCounts()
  #active = 0
  #failuresInRow = 0

  constructor(options: ExternalServiceOptions) {
    this.name = options.name
    this.#options = options
    const { name, limit, shared } = options
    this.#turns = new ServiceTurns({ name, pace: limit && toPace(limit), hold: this.hold, shared })
    this.#slots = options.slots === undefined ? undefined : new WeightedGate(options.slots)
  }

  /**
   * Waits until a request may be sent; for no longer than the caller has patience.
   * @throws AppError `service_busy`, the code of a service that is down, `database_unavailable`; the signal's reason
   */
  async admit(caller: ServiceCaller, signal: AbortSignal): Promise<Admission> {
    signal.throwIfAborted()
    const leaveAtOnce = this.#turns.areAsked ? undefined : this.#enterAtOnce(caller.owner)
    if (leaveAtOnce !== undefined) return this.#begin(caller, leaveAtOnce, false, signal)
    const endCount = this.#counts.beginWait(caller.owner)
    const wait = beginWait(
      { name: this.name, downCode: this.#options.downCode, hold: this.hold },
      caller,
      signal,
    )
    try {
      const leaveSlot = await this.#enterSlot(wait, caller.owner)
      try {
        return this.#begin(caller, leaveSlot, await this.#turns.take(wait, caller.owner), signal)
      } catch (error) {
        leaveSlot()
        throw error
      }
    } finally {
      wait.end()
      endCount()
    }
  }

  /** What was counted since this process started. */
  report(): ServiceReport {
    const { limit = null, slots = null } = this.#options
    return { name: this.name, limit, slots, active: this.#active, ...this.#counts.read() }
  }

  /** As far as this worker knows. */
  get circuit(): CircuitState {
    return this.hold.known?.why ?? 'closed'
  }

  #enterAtOnce(owner: string): (() => void) | undefined {
    return this.#slots === undefined ? () => {} : this.#slots.tryEnter(1, owner)
  }

  async #enterSlot({ signal }: ServiceWait, owner: string): Promise<() => void> {
    return this.#slots === undefined ? () => {} : await this.#slots.enter(1, signal, owner)
  }

  #begin(caller: ServiceCaller, leaveSlot: () => void, isProbe: boolean, signal: AbortSignal): Admission {
    this.#counts.countCall(caller.isRetry === true)
    this.#active += 1
    let answered = false
    let open = true
    let probing = isProbe
    const answer = (): void => {
      answered = true
      this.#failuresInRow = 0
      if (!probing) return
      probing = false
      this.hold.clear()
      void this.#tell(this.#options.shared.release(this.name))
    }
    return {
      answered: () => {
        if (!answered) answer()
      },
      failed: async (error) => {
        const verdict = signal.aborted ? 'none' : judgeFailure(error, answered)
        if (verdict !== 'none' && error instanceof AppError) this.#counts.countError(error)
        if (verdict === 'works') answer()
        if (verdict === 'down') this.#failuresInRow += 1
        const why = this.#reasonToHold(verdict, probing)
        if (why === undefined) return
        probing = false
        const wantedMs = error instanceof AppError ? error.retryAfterMs : undefined
        await this.#holdFor(why, wantedMs, caller)
      },
      leave: () => {
        if (!open) return
        open = false
        this.#active -= 1
        leaveSlot()
        if (probing) void this.#tell(this.#options.shared.endProbe(this.name))
      },
    }
  }

  #reasonToHold(verdict: ServiceVerdict, probing: boolean): HoldReason | undefined {
    if (verdict === 'limited') return 'limited'
    if (verdict !== 'down') return undefined
    return probing || this.#failuresInRow >= this.#options.failureLimit ? 'down' : undefined
  }

  async #holdFor(why: HoldReason, wantedMs: number | undefined, caller: ServiceCaller): Promise<void> {
    this.#failuresInRow = 0
    const pauseMs = Math.min(wantedMs ?? (why === 'limited' ? unnamedPauseMs : 0), longestPauseMs)
    // The others of this worker wait from now on, whatever the database takes.
    this.hold.set(why, pauseMs)
    const ms = await this.#tell(this.#options.shared.hold(this.name, why, pauseMs))
    if (ms !== undefined) this.hold.set(why, ms)
    const leftMs = this.hold.leftMs
    if (why === 'down' || leftMs >= toldPauseMs) caller.onHeld?.({ service: this.name, why, ms: leftMs })
  }

  /** Without the database each worker knows only what it has seen itself. */
  async #tell<Answer>(telling: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await telling
    } catch (error) {
      this.#options.onProblem(error)
      return undefined
    }
  }
}
