import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { RequestOutcome } from '../../src/contracts/human-request.ts'
import { type Asked, isCompaction, isModelCall, isTool, isWrite } from './asked.ts'
import { checkTask, type Told } from './check-task.ts'
import {
  type CompactionEnd,
  type Ending,
  type Reply,
  type ToolEnd,
  toPossibleCompaction,
  toPossibleEnd,
  toPossibleReply,
  tryCompaction,
  tryModelCall,
  tryTool,
  write,
} from './fake-activities.ts'
import { FakeDatabase, type FakeMessage } from './fake-database.ts'
import { FakeCancellation, FakeTimeout, type PendingActivity } from './fake-engine.ts'
import { FakeRun, type Job } from './fake-run.ts'
import type { Playable } from './interleavings.ts'
import { pick } from './pick.ts'
import { Promises } from './promises.ts'

/**
 * A conversation in virtual time. What happens to it waits in an inbox, and a task hands it to the workflow;
 * activities write to the database when they end and tell the workflow with the next task.
 */
export class PlayedConversation implements Playable {
  readonly db = new FakeDatabase()
  readonly promises = new Promises()
  readonly told: Told = { ended: new Set(), stopped: new Set(), signalled: new Set(), asked: new Set() }
  run = new FakeRun({ conversationId: 'c', turns: 0 }, { state: 'idle' }, 0)
  #nowMs = 0
  #isLong = false
  #answers = 0
  #inbox: Job[] = []
  /** Activities and timers of this run that have told their end. */
  #ended = new Set<number>()

  post(busyPolicy: BusyPolicy): void {
    const message = this.db.accept(busyPolicy)
    if (busyPolicy === 'interrupt') {
      const others = this.#queued().filter((other) => other !== message && other.busyPolicy === 'interrupt')
      this.promises.allowStop(this.run.loop.status().turnId, others)
    }
    // In the first task of a run, messages overtake a Stop.
    const mayOvertake = !this.run.isStarted && this.#inbox.some(({ kind }) => kind === 'stop')
    if (mayOvertake) this.promises.allowStop(undefined, [message])
    this.#signal(message)
  }

  repeat(index: number): void {
    const message = pick(this.db.messages, index)
    if (message !== undefined) this.#signal(message)
  }

  compact(): void {
    const { askingId, position } = this.db.askCompaction()
    const message = { messageId: askingId, position, purpose: 'compact' } as const
    this.#inbox.push({ kind: 'message', message })
  }

  withdraw(index: number): void {
    const message = pick(this.#queued(), index)
    if (message === undefined || !this.db.withdraw(message)) return
    this.#inbox.push({ kind: 'withdraw', messageId: message.messageId })
  }

  stop(): void {
    const turnId = this.db.stop()
    if (turnId === undefined) return
    if (turnId === null) this.promises.allowStopOfAsking()
    this.promises.allowStop(turnId ?? this.run.loop.status().turnId, turnId === null ? this.#queued() : [])
    this.#inbox.push({ kind: 'stop', turnId: turnId ?? undefined })
  }

  stopPast(): void {
    this.#inbox.push({ kind: 'stop', turnId: [...this.db.ends.keys()].at(-1) ?? 'c.t99' })
  }

  answer(index: number, isYes: boolean, isWritten: boolean): void {
    const request = pick(this.db.requests, index)
    if (request === undefined) return
    const answerId = `answer${++this.#answers}`
    const yes = request.ref.kind === 'question' ? 'answered' : 'approved'
    const outcome: RequestOutcome = isYes ? yes : 'rejected'
    if (request.outcome === undefined) this.db.answers.set(answerId, outcome)
    this.#answer({ requestId: request.ref.requestId, answerId, outcome }, isWritten)
  }

  answerAgain(index: number): void {
    const accepted = pick([...this.promises.accepted.values()], index)
    if (accepted !== undefined) this.#answer(accepted, false)
  }

  answerUnknown(): void {
    this.#answer({ requestId: 'c.t0.r0.p', answerId: `answer${++this.#answers}`, outcome: 'approved' }, false)
  }

  beginModelCall(index: number): void {
    const activity = pick(this.#listRunning(isModelCall), index)
    if (activity !== undefined) this.db.beginRound(activity.asked.round)
  }

  endModelCall(index: number, reply: Reply, isLost = false): void {
    const activity = pick(this.#listRunning(isModelCall), index)
    if (activity === undefined) return
    const possible = toPossibleReply(reply, activity)
    if (isLost && (possible === 'cancelled' || possible === 'throws')) return
    const ending = tryModelCall(this.db, activity.asked.round, possible, this.#nowMs)
    if (!isLost) this.#tell(activity, ending)
  }

  endCompaction(index: number, end: CompactionEnd, isLost = false): void {
    const activity = pick(this.#listRunning(isCompaction), index)
    if (activity === undefined) return
    const possible = toPossibleCompaction(end, activity)
    const ending = tryCompaction(this.db, activity.asked.round, possible)
    if (!isLost) this.#tell(activity, ending)
  }

  endTool(index: number, end: ToolEnd, isLost = false): void {
    const activity = pick(this.#listRunning(isTool), index)
    if (activity === undefined) return
    const possible = toPossibleEnd(end, activity)
    const ending = tryTool(this.db, activity.asked, possible, this.#nowMs)
    if (!isLost) this.#tell(activity, ending)
  }

  endWrite(index: number, isLost = false): void {
    const activity = pick(this.#listRunning(isWrite), index)
    if (activity === undefined) return
    const ending = write(this.db, activity.asked)
    if (!isLost) this.#tell(activity, ending)
  }

  endBackground(index: number): void {
    const call = pick(this.db.listStarted(), index)
    if (call === undefined) return
    this.db.finishCall(call.callId, 'ok')
    const note = this.db.findNote(call.callId)
    if (note !== undefined) this.#signal(note)
  }

  /** A write that its contract says never fails does so. */
  failWrite(index: number): void {
    const activity = pick(this.#listRunning(isWrite), index)
    if (activity !== undefined) this.#tell(activity, { error: 'thrown' })
  }

  wait(timeMs: number): void {
    this.#nowMs += timeMs
    for (const { atMs, seq } of this.run.engine.timers) {
      if (atMs > this.#nowMs || this.#ended.has(seq)) continue
      this.#ended.add(seq)
      this.#inbox.push({ kind: 'timer', seq })
    }
  }

  grow(): void {
    this.#isLong = true
  }

  async restart(): Promise<void> {
    this.run = await this.run.replayed()
  }

  async task(): Promise<void> {
    const jobs = this.#inbox.toSorted((a, b) => Number(isEnding(a)) - Number(isEnding(b)))
    this.#inbox = []
    const task = { nowMs: this.#nowMs, isLong: this.#isLong, jobs }
    await checkTask(this, jobs, () => this.run.handle(task))
    const { next, engine } = this.run
    if (next === undefined) return
    this.#isLong = false
    this.#ended = new Set()
    this.run = new FakeRun(next, engine.appearance, this.#nowMs)
  }

  /** Lets everything end that has begun. */
  async drain(): Promise<void> {
    for (let step = 0; step < 1_000; step++) {
      await this.task()
      while (this.#listRunning(isAny).length > 0) {
        this.endModelCall(0, 'answers')
        this.endCompaction(0, 'done')
        this.endTool(0, 'ok')
        this.endWrite(0)
      }
      while (this.db.listStarted().length > 0) this.endBackground(0)
      const { state, queued } = this.run.loop.status()
      const isQuiet = this.#inbox.length === 0 && this.run.isStarted
      if (isQuiet && state === 'idle' && queued === 0) return
      const [timer] = this.run.engine.timers
      if (isQuiet && timer !== undefined) this.wait(Math.max(timer.atMs - this.#nowMs, 0))
    }
    throw new Error(`It comes to no end: ${JSON.stringify(this.run.loop.status())}`)
  }

  #queued(): FakeMessage[] {
    return this.db.messages.filter(({ state, note }) => state === 'queued' && !note)
  }

  #signal({ messageId, position, busyPolicy, note }: FakeMessage): void {
    const policy = busyPolicy === 'queue' ? {} : { busyPolicy }
    const kind = note === undefined ? policy : { note }
    this.#inbox.push({ kind: 'message', message: { messageId, position, ...kind } })
  }

  #answer(answer: Extract<Job, { kind: 'answer' }>['answer'], isWritten: boolean): void {
    this.#inbox.push({
      kind: 'answer',
      answer,
      told: (result) => {
        const request = this.db.requests.find(({ ref }) => ref.requestId === answer.requestId)
        const isOpen = request?.outcome === undefined && this.told.asked.has(answer.requestId)
        const isAccepted = this.promises.note(answer, result, isOpen)
        if (isAccepted && isWritten) this.db.resolveRequest(answer)
      },
    })
  }

  #listRunning<Kind extends Asked>(isWanted: (asked: Asked) => asked is Kind): RunningActivity<Kind>[] {
    return [...this.run.engine.pending.values()].flatMap(({ seq, asked, isCancelRequested }) =>
      isWanted(asked) && !this.#ended.has(seq) ? [{ seq, asked, isCancelRequested }] : [],
    )
  }

  #tell({ seq }: Pick<PendingActivity, 'seq'>, ending: Ending): void {
    this.#ended.add(seq)
    this.#inbox.push({ kind: 'activity', seq, result: 'value' in ending ? ending : toError(ending) })
  }
}

type RunningActivity<Kind> = { seq: number; asked: Kind; isCancelRequested: boolean }

function isAny(asked: Asked): asked is Asked {
  return asked.kind.length > 0
}

/** Signals and updates come before what else a task brings. */
function isEnding({ kind }: Job): boolean {
  return kind === 'activity' || kind === 'timer'
}

function toError({ error }: Extract<Ending, { error: unknown }>): { error: Error } {
  if (error === 'cancelled') return { error: new FakeCancellation() }
  return { error: error === 'timeout' ? new FakeTimeout() : new Error('thrown') }
}
