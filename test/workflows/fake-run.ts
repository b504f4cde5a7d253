import type { AnsweredRequest, AnswerRef } from '../../src/contracts/human-request.ts'
import type { MessageId, TurnId } from '../../src/contracts/ids.ts'
import type { ConversationInput, WaitingMessage } from '../../src/contracts/turn.ts'
import { ConversationLoop } from '../../src/workflows/conversation-loop.ts'
import type { Appearance } from '../../src/workflows/engine.ts'
import { FakeEngine, FakeRefusal } from './fake-engine.ts'

/** What a workflow task brings. */
export type Job =
  | { kind: 'message'; message: WaitingMessage }
  | { kind: 'withdraw'; messageId: MessageId }
  | { kind: 'stop'; turnId: TurnId | undefined }
  | { kind: 'answer'; answer: AnswerRef; told(result: AnsweredRequest | FakeRefusal): void }
  | { kind: 'activity'; seq: number; result: { value: unknown } | { error: unknown } }
  | { kind: 'timer'; seq: number }

export type Task = { nowMs: number; isLong: boolean; jobs: readonly Job[] }

/** In the first task of a run, jobs wait until their handler is there. */
const handlerOrder: readonly Job['kind'][] = ['message', 'withdraw', 'stop', 'answer']

/** One run of the conversation's workflow, from its start or continue-as-new to the next one. */
export class FakeRun {
  readonly engine = new FakeEngine()
  readonly loop: ConversationLoop
  /** What the next run begins with, once this one is over. */
  next: ConversationInput | undefined
  readonly #input: ConversationInput
  readonly #appearance: Appearance
  readonly #history: Task[] = []
  #fault: unknown

  constructor(input: ConversationInput, appearance: Appearance, nowMs: number) {
    this.#input = input
    this.#appearance = appearance
    this.engine.nowMs = nowMs
    this.engine.appearance = appearance
    this.loop = new ConversationLoop(structuredClone(input), this.engine)
  }

  get isStarted(): boolean {
    return this.#history.length > 0
  }

  /** Handles the jobs of one task, until nothing moves any more. */
  async handle(task: Task, isReplay = false): Promise<void> {
    const isFirst = !this.isStarted
    const { engine } = this
    engine.nowMs = task.nowMs
    engine.isLong = task.isLong
    const refused = new Set<Job>()
    const jobs = isFirst ? inHandlerOrder(task.jobs) : task.jobs
    for (const job of jobs) {
      if (!this.#apply(job, isReplay)) refused.add(job)
      while (engine.sweep());
    }
    if (isFirst) this.#begin()
    // A refused update leaves nothing in the history.
    this.#history.push({ ...task, jobs: task.jobs.filter((job) => !refused.has(job)) })
    do await new Promise(setImmediate)
    while (engine.sweep())
    if (this.#fault !== undefined) throw this.#fault
  }

  /** The same run as another worker arrives at it, from the history alone. */
  async replayed(): Promise<FakeRun> {
    const [first] = this.#history
    const again = new FakeRun(this.#input, this.#appearance, first?.nowMs ?? this.engine.nowMs)
    for (const task of this.#history) await again.handle(task, true)
    const [now, then] = [again.engine.commands.join('\n'), this.engine.commands.join('\n')]
    if (now !== then) throw new Error(`A replay differs.\n${now}\n— before —\n${then}`)
    for (const [seq, { isCancelRequested }] of this.engine.pending) {
      if (again.engine.pending.get(seq)?.isCancelRequested !== isCancelRequested) {
        throw new Error(`A replay forgets about activity ${seq}.`)
      }
    }
    return again
  }

  #begin(): void {
    this.loop.run().then(
      (next) => {
        this.next = next
      },
      (fault: unknown) => {
        this.#fault = fault
      },
    )
  }

  /** Returns false for an update that was refused. */
  #apply(job: Job, isReplay: boolean): boolean {
    const { loop, engine } = this
    switch (job.kind) {
      case 'message':
        loop.addMessage(job.message)
        return true
      case 'withdraw':
        loop.withdrawMessage(job.messageId)
        return true
      case 'stop':
        loop.cancelTurn(job.turnId)
        return true
      case 'activity':
        engine.endActivity(job.seq, job.result)
        return true
      case 'timer':
        engine.fireTimer(job.seq)
        return true
      case 'answer':
        return this.#answer(job, isReplay)
    }
  }

  #answer({ answer, told }: Extract<Job, { kind: 'answer' }>, isReplay: boolean): boolean {
    if (isReplay) {
      this.loop.answerRequest(answer)
      return true
    }
    try {
      this.loop.assertAnswerable(answer)
    } catch (refusal) {
      if (!(refusal instanceof FakeRefusal)) throw refusal
      told(refusal)
      return false
    }
    told(this.loop.answerRequest(answer))
    return true
  }
}

function inHandlerOrder(jobs: readonly Job[]): Job[] {
  return jobs.toSorted((a, b) => handlerOrder.indexOf(a.kind) - handlerOrder.indexOf(b.kind))
}
