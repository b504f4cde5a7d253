import { AsyncLocalStorage } from 'node:async_hooks'

import type {
  BackgroundCall,
  FailedCallRef,
  FinishTurnRef,
  ResolveRequestRef,
  ToolCallRef,
} from '../../src/contracts/activity-interface.ts'
import type { CallOutcome, ScheduledCall } from '../../src/contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../../src/contracts/turn.ts'
import type { Appearance, Engine, Scope } from '../../src/workflows/engine.ts'
import type { Asked } from './asked.ts'

/** An activity that has been scheduled and has not ended. */
export type PendingActivity = { seq: number; asked: Asked; isCancelRequested: boolean }

type Ending = { resolve(result: unknown): void; reject(error: unknown): void }
type Blocked = {
  holds: () => boolean
  resolve(inTime: boolean): void
  timer: { seq: number; atMs: number } | undefined
}

export class FakeCancellation extends Error {}
export class FakeTimeout extends Error {}
/** How an update was refused. */
export class FakeRefusal extends Error {
  readonly type: string
  readonly details: readonly string[]
  constructor(type: string, message: string, details: readonly string[]) {
    super(message)
    this.type = type
    this.details = details
  }
}

class FakeScope implements Scope {
  static readonly current = new AsyncLocalStorage<FakeScope>()
  isCancelled = false
  readonly #onCancel = new Set<() => void>()

  cancel(): void {
    if (this.isCancelled) return
    this.isCancelled = true
    for (const tell of this.#onCancel) tell()
  }

  run<Result>(body: () => Promise<Result>): Promise<Result> {
    return FakeScope.current.run(this, body)
  }

  onCancel(tell: () => void): void {
    this.#onCancel.add(tell)
  }
}

/**
 * Temporal as the loop sees it, in virtual time: one run of a workflow, whose activities end when they are
 * told to. Conditions are looked at after each job, promises go on after the last one, as in the real engine.
 */
export class FakeEngine implements Engine {
  nowMs = 0
  isLong = false
  /** Everything that the loop asked for, in order; a replay must arrive at the same. */
  readonly commands: string[] = []
  readonly pending = new Map<number, PendingActivity>()
  /** The last value of each search attribute. */
  appearance: Appearance = { state: 'idle' }
  details = ''
  readonly #endings = new Map<number, Ending>()
  readonly #blocked = new Set<Blocked>()
  #lastSeq = 0

  /** Due first. */
  get timers(): { seq: number; atMs: number }[] {
    return [...this.#blocked].flatMap(({ timer }) => timer ?? []).toSorted((a, b) => a.atMs - b.atMs)
  }

  endActivity(seq: number, result: { value: unknown } | { error: unknown }): void {
    const ending = this.#endings.get(seq)
    this.#endings.delete(seq)
    this.pending.delete(seq)
    if ('error' in result) ending?.reject(result.error)
    else ending?.resolve(result.value)
  }

  fireTimer(seq: number): void {
    const due = [...this.#blocked].find(({ timer }) => timer?.seq === seq)
    if (due === undefined) return
    this.#blocked.delete(due)
    due.resolve(false)
  }

  /** Wakes what waits for a condition that holds now. */
  sweep(): boolean {
    const held = [...this.#blocked].filter(({ holds }) => holds())
    for (const blocked of held) {
      this.#blocked.delete(blocked)
      blocked.resolve(true)
    }
    return held.length > 0
  }

  callModel(round: RoundRef): Promise<RoundOutcome> {
    return this.#schedule({ kind: 'callModel', round })
  }

  compactHistory(round: RoundRef): Promise<RoundOutcome> {
    return this.#schedule({ kind: 'compactHistory', round })
  }

  runTool(call: ToolCallRef): Promise<CallOutcome> {
    return this.#schedule({ kind: 'runTool', call })
  }

  runToolStep(call: ToolCallRef, { steps }: ScheduledCall, stepIndex: number): Promise<CallOutcome> {
    return this.#schedule({ kind: 'runToolStep', call, stepIndex, stepCount: steps.length })
  }

  resolveRequest(request: ResolveRequestRef) {
    return this.#schedule<Awaited<ReturnType<Engine['resolveRequest']>>>({ kind: 'resolveRequest', request })
  }

  failToolCall(call: FailedCallRef): Promise<CallOutcome> {
    return this.#schedule({ kind: 'failToolCall', call })
  }

  finishTurn(end: FinishTurnRef): Promise<void> {
    return this.#schedule({ kind: 'finishTurn', end })
  }

  beginBackgroundCall(call: BackgroundCall): Promise<CallOutcome> {
    return this.#schedule({ kind: 'beginBackgroundCall', call })
  }

  startBackgroundCall(call: BackgroundCall): Promise<void> {
    return this.#schedule({ kind: 'startBackgroundCall', call })
  }

  wakeConversation(call: ToolCallRef): Promise<void> {
    return this.#schedule({ kind: 'wakeConversation', call })
  }

  until(holds: () => boolean, timeoutMs?: number): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const scope = FakeScope.current.getStore()
    if (scope?.isCancelled === true) return Promise.reject(new FakeCancellation())
    const timer = timeoutMs === undefined ? undefined : { seq: ++this.#lastSeq, atMs: this.nowMs + timeoutMs }
    const blocked: Blocked = { holds, resolve, timer }
    this.commands.push(`until ${timer?.atMs}`)
    if (holds()) resolve(true)
    else this.#blocked.add(blocked)
    scope?.onCancel(() => {
      // A condition that holds in the same job wins.
      queueMicrotask(() => {
        this.#blocked.delete(blocked)
        reject(new FakeCancellation())
      })
    })
    return promise
  }

  openScope(): Scope {
    return new FakeScope()
  }

  shield<Result>(body: () => Promise<Result>): Promise<Result> {
    return new FakeScope().run(body)
  }

  isCancellation(error: unknown): boolean {
    return error instanceof FakeCancellation
  }

  classify(error: unknown): ReturnType<Engine['classify']> {
    if (error instanceof FakeCancellation) return 'cancelled'
    if (error instanceof FakeTimeout) return { status: 'timeout', code: 'tool_timeout' }
    return { status: 'error', code: 'tool_failed' }
  }

  toTurnCode(): string {
    return 'internal'
  }

  isPatched(): boolean {
    return true
  }

  mustContinueAsNew(): boolean {
    return this.isLong
  }

  now(): number {
    return this.nowMs
  }

  refusal(type: string, message: string, details: readonly string[]): Error {
    return new FakeRefusal(type, message, details)
  }

  describe(details: string): void {
    this.details = details
    this.commands.push(`describe ${details}`)
  }

  index(appearance: Appearance): void {
    this.appearance = { ...this.appearance, ...appearance }
    this.commands.push(`index ${JSON.stringify(appearance)}`)
  }

  #schedule<Result>(asked: Asked): Promise<Result> {
    const scope = FakeScope.current.getStore()
    if (scope?.isCancelled === true) return Promise.reject(new FakeCancellation())
    const seq = ++this.#lastSeq
    const activity: PendingActivity = { seq, asked, isCancelRequested: false }
    this.commands.push(JSON.stringify(asked))
    this.pending.set(seq, activity)
    scope?.onCancel(() => {
      activity.isCancelRequested = true
    })
    return new Promise<Result>((resolve, reject) => {
      this.#endings.set(seq, { resolve: (result) => resolve(result as Result), reject })
    })
  }
}
