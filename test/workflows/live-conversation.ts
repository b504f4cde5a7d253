import { setTimeout as pause } from 'node:timers/promises'

import { WorkflowUpdateFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'

import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { AnswerRef } from '../../src/contracts/human-request.ts'
import {
  type Asked,
  isBackgroundTool,
  isCompaction,
  isModelCall,
  isOwnTool,
  isTool,
  isWrite,
} from './asked.ts'
import type { Engine, EngineConversation } from './engine.ts'
import {
  type CompactionEnd,
  type Ending,
  type Reply,
  requestTtlMs,
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
import { FakeRefusal } from './fake-engine.ts'
import type { Playable } from './interleavings.ts'
import { LiveActivities, type LiveActivity } from './live-activities.ts'
import { pick } from './pick.ts'
import { Promises } from './promises.ts'

/** How long people have here. */
const ttlMs = 1_000
/** A conversation that has not settled by then never does. */
const patienceMs = 60_000

/** A conversation in the real engine. Its activities end when they are told to, and once it drains by themselves. */
export class LiveConversation implements Playable {
  readonly db = new FakeDatabase()
  readonly promises = new Promises()
  readonly faults: string[] = []
  readonly #conversation: EngineConversation
  readonly #canGrow: boolean
  readonly #activities = new LiveActivities((activity) => {
    const { asked } = activity
    if (isBackgroundTool(asked)) this.db.startBackground(asked.call.callId)
    if (this.#isDraining) this.#endByItself(activity)
  })
  #sent: Promise<unknown>[] = []
  #answers = 0
  #isStarted = false
  #isDraining = false

  /** `canGrow`: its history may get long, which costs a megabyte each time. */
  constructor(engine: Engine, canGrow: boolean) {
    this.#canGrow = canGrow
    this.#conversation = engine.open({
      callModel: (round) => this.#activities.run({ kind: 'callModel', round }),
      compactHistory: (round) => this.#activities.run({ kind: 'compactHistory', round }),
      runTool: (call) => this.#activities.run({ kind: 'runTool', call }),
      runToolStep: ({ stepIndex, stepCount, ...call }) =>
        this.#activities.run({ kind: 'runToolStep', call, stepIndex, stepCount }),
      resolveRequest: (request) => this.#activities.run({ kind: 'resolveRequest', request }),
      failToolCall: (call) => this.#activities.run({ kind: 'failToolCall', call }),
      finishTurn: (end) => this.#activities.run({ kind: 'finishTurn', end }),
      beginBackgroundCall: (call) => this.#activities.run({ kind: 'beginBackgroundCall', call }),
      wakeConversation: (call) => this.#wake(call.callId),
    })
  }

  post(busyPolicy: BusyPolicy): void {
    if (busyPolicy === 'interrupt') this.promises.allowAnyStop()
    this.#signal(this.db.accept(busyPolicy))
  }

  repeat(index: number): void {
    const message = pick(this.db.messages, index)
    if (message !== undefined) this.#signal(message)
  }

  compact(): void {
    const { askingId } = this.db.askCompaction()
    const asked = this.#conversation.compact(askingId).then(() => {
      this.#isStarted = true
    })
    this.#sent.push(asked)
  }

  withdraw(index: number): void {
    const queued = this.db.messages.filter(({ state, note }) => state === 'queued' && !note)
    const message = pick(queued, index)
    if (message !== undefined && this.db.withdraw(message)) {
      this.#sent.push(this.#conversation.withdraw(message.messageId))
    }
  }

  stop(): void {
    const turnId = this.db.stop()
    if (turnId === undefined) return
    if (turnId === null) this.promises.allowAnyStop()
    else this.promises.allowStop(turnId, [])
    this.#sent.push(this.#conversation.stop(turnId?.split('.').at(-1)))
  }

  stopPast(): void {
    if (this.#isStarted) this.#sent.push(this.#conversation.stop('t99'))
  }

  answer(index: number, isYes: boolean, isWritten: boolean): void {
    const request = pick(this.db.requests, index)
    if (request === undefined) return
    const yes = request.ref.kind === 'question' ? 'answered' : 'approved'
    const answer: AnswerRef = {
      requestId: request.ref.requestId,
      answerId: `answer${++this.#answers}`,
      outcome: isYes ? yes : 'rejected',
    }
    if (request.outcome === undefined) this.db.answers.set(answer.answerId, answer.outcome)
    this.#sent.push(this.#answer(answer, isWritten))
  }

  answerAgain(index: number): void {
    const accepted = pick([...this.promises.accepted.values()], index)
    if (accepted !== undefined) this.#sent.push(this.#answer(accepted, false))
  }

  answerUnknown(): void {
    const answer: AnswerRef = { requestId: 'q', answerId: `answer${++this.#answers}`, outcome: 'approved' }
    if (this.#isStarted) this.#sent.push(this.#answer(answer, false))
  }

  beginModelCall(index: number): void {
    const activity = pick(this.#activities.list(isModelCall), index)
    if (activity !== undefined) this.db.beginRound(activity.asked.round)
  }

  endModelCall(index: number, reply: Reply, isLost = false): void {
    const activity = pick(this.#activities.list(isModelCall), index)
    if (activity === undefined) return
    const possible = toPossibleReply(reply, activity)
    const nowMs = Date.now() - requestTtlMs + ttlMs
    this.#end(activity, () => tryModelCall(this.db, activity.asked.round, possible, nowMs), isLost)
  }

  endCompaction(index: number, end: CompactionEnd, isLost = false): void {
    const activity = pick(this.#activities.list(isCompaction), index)
    if (activity === undefined) return
    const possible = toPossibleCompaction(end, activity)
    this.#end(activity, () => tryCompaction(this.db, activity.asked.round, possible), isLost)
  }

  endTool(index: number, end: ToolEnd, isLost = false): void {
    const activity = pick(this.#activities.list(isOwnTool), index)
    if (activity === undefined) return
    const possible = toPossibleEnd(end, activity)
    const nowMs = Date.now() - requestTtlMs + ttlMs
    this.#end(activity, () => tryTool(this.db, activity.asked, possible, nowMs), isLost)
  }

  endWrite(index: number, isLost = false): void {
    const activity = pick(this.#activities.list(isWrite), index)
    if (activity !== undefined) this.#end(activity, () => write(this.db, activity.asked), isLost)
  }

  /** In the real engine it runs in a workflow of its own. */
  endBackground(index: number): void {
    const activity = pick(this.#activities.list(isBackgroundTool), index)
    if (activity === undefined) return
    const { callId } = activity.asked.call
    this.#end(activity, () => ({ value: { status: this.db.finishCall(callId, 'ok') } }), false)
  }

  wait(): void {
    // The time of the real engine is that of the clock; what is not answered expires when it drains.
  }

  grow(): void {
    const [first] = this.db.messages
    if (!this.#canGrow || first === undefined) return
    const padding = 'x'.repeat(100_000)
    for (let count = 0; count < 12; count++) {
      this.#sent.push(this.#conversation.post(first.messageId, { padding }))
    }
  }

  restart(): void {
    // Without a cache every task is one.
  }

  async task(): Promise<void> {
    const sent = this.#sent
    this.#sent = []
    await Promise.all(sent)
    // Until the workflow has handled it and what it scheduled runs; a try that is repeated may be on its way.
    for (let look = 0; this.#isStarted && look < 20; look++) {
      const { pendingActivities, pendingWorkflowTask } = (await this.#conversation.handle.describe()).raw
      if (!pendingWorkflowTask && (pendingActivities ?? []).length === this.#activities.countOwn()) return
      await pause(5)
    }
  }

  /** From here on activities end by themselves. */
  letGo(): void {
    this.#isDraining = true
    for (const activity of this.#activities.all()) this.#endByItself(activity)
  }

  async drain(): Promise<void> {
    this.letGo()
    await this.task()
    // The others expire.
    for (let index = 0; index < this.db.requests.length; index += 2) this.answer(index, true, false)
    await this.task()
    if (!this.#isStarted) return
    const late = pause(patienceMs, 'late', { ref: false })
    const first = await Promise.race([this.#untilSettled(), late])
    if (first !== 'late') return
    this.faults.push(`It comes to no end: ${JSON.stringify(await this.#conversation.status())}`)
  }

  /** Also what goes on by itself has ended, and the model is told. */
  async #untilSettled(): Promise<void> {
    for (;;) {
      await this.#conversation.untilIdle(0)
      const background = [...this.db.calls.values()].filter((call) => call.background !== undefined)
      if (background.every(({ callId }) => this.db.findNote(callId)?.state === 'done')) return
      await pause(10)
    }
  }

  async #wake(callId: string): Promise<void> {
    const note = this.db.findNote(callId)
    if (note !== undefined) await this.#conversation.tell(note.messageId, note.position)
  }

  #signal({ messageId, position, busyPolicy, note }: FakeMessage): void {
    const posted =
      note === true
        ? this.#conversation.tell(messageId, position)
        : this.#conversation.post(messageId, { busyPolicy })
    const started = posted.then(() => {
      this.#isStarted = true
    })
    this.#sent.push(started)
  }

  async #answer(answer: AnswerRef, isWritten: boolean): Promise<void> {
    try {
      const answered = await this.#conversation.answer(answer.requestId, answer.answerId, answer.outcome)
      if (this.promises.note(answer, answered, false) && isWritten) this.db.resolveRequest(answer)
    } catch (error) {
      const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined
      if (!(cause instanceof ApplicationFailure)) throw error
      const details = (cause.details ?? []).map(String)
      this.promises.note(answer, new FakeRefusal(cause.type ?? '', cause.message, details), false)
    }
  }

  #endByItself({ asked }: LiveActivity): void {
    const index = (isOf: (other: Asked) => boolean) =>
      this.#activities.list((other): other is Asked => isOf(other)).findIndex((each) => each.asked === asked)
    if (isModelCall(asked)) this.endModelCall(index(isModelCall), 'answers')
    else if (isCompaction(asked)) this.endCompaction(index(isCompaction), 'done')
    else if (isBackgroundTool(asked)) this.endBackground(index(isBackgroundTool))
    else if (isTool(asked)) this.endTool(index(isOwnTool), 'ok')
    else this.endWrite(index(isWrite))
  }

  #end(activity: LiveActivity<unknown>, attempt: () => Ending, isLost: boolean): void {
    try {
      const ending = attempt()
      const isDone = !isLost || ('error' in ending && ending.error !== 'timeout')
      activity.end(isDone ? ending : { error: 'lost' })
    } catch (fault) {
      this.faults.push(String(fault))
      activity.end({ error: 'thrown' })
    }
  }
}
