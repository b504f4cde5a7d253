import type {
  FinishTurnRef,
  RequestResolution,
  ResolveRequestRef,
} from '../../src/contracts/activity-interface.ts'
import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { RequestOutcome, RequestRef } from '../../src/contracts/human-request.ts'
import type { CallId, MessageId, TurnId } from '../../src/contracts/ids.ts'
import type { CallOutcome, ToolStatus } from '../../src/contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../../src/contracts/turn.ts'

export type FakeMessage = {
  messageId: MessageId
  position: number
  busyPolicy: BusyPolicy
  state: 'queued' | 'done' | 'withdrawn'
  turnId?: TurnId
  /** Tells of the end of a background call. */
  note?: true
}
export type FakeCall = {
  callId: CallId
  turnId: TurnId
  status?: ToolStatus
  ends: number
  /** It goes on by itself: it may, or it does. */
  background?: 'begun' | 'started'
}
export type FakeRequest = {
  ref: RequestRef
  turnId: TurnId
  callIds: CallId[]
  outcome?: RequestOutcome
  answerId?: string | null
}
export type BegunRound =
  | { outcome: 'run'; isCancelling: boolean }
  | { outcome: 'done'; stored: RoundOutcome }
  | { outcome: 'taken' | 'over' }

/** One conversation's rows, under the rules of the functions in `src/store/migrations`. */
export class FakeDatabase {
  readonly messages: FakeMessage[] = []
  /** Places at which it was asked to be summed up, and how many turns had done so before. */
  readonly askings: { askingId: MessageId; before: number }[] = []
  /** Turns that no message has started. */
  readonly systemTurns = new Set<TurnId>()
  readonly calls = new Map<CallId, FakeCall>()
  readonly requests: FakeRequest[] = []
  readonly answers = new Map<string, RequestOutcome>()
  /** What became of each turn that was begun. */
  readonly ends = new Map<TurnId, string>()
  /** Events that carry a turn's id, in order. */
  readonly events: { turnId: TurnId; type: string }[] = []
  turnId: TurnId | undefined
  #positions = 0
  #isCancelling = false
  readonly #rounds = new Map<string, RoundOutcome>()

  accept(busyPolicy: BusyPolicy): FakeMessage {
    const position = ++this.#positions
    const message: FakeMessage = { messageId: `m${position}`, position, busyPolicy, state: 'queued' }
    this.messages.push(message)
    return message
  }

  /** As its activity does: whether it may go on by itself. */
  beginBackground(callId: CallId): CallOutcome {
    const begun = this.beginTry(callId)
    if (begun.outcome === 'done') return { status: begun.status }
    const call = this.calls.get(callId)
    if (begun.isCancelling && call?.background === undefined) return { status: 'cancelled' }
    const waitsFor = this.requests.find(({ callIds, outcome }) => callIds.includes(callId) && !outcome)
    if (waitsFor !== undefined) return { status: 'waiting', request: waitsFor.ref }
    if (call !== undefined) call.background ??= 'begun'
    return { status: 'running' }
  }

  startBackground(callId: CallId): void {
    const call = this.calls.get(callId)
    if (call?.background === undefined) throw new Error(`${callId} started, and may not.`)
    call.background = 'started'
  }

  /** Background calls that run. */
  listStarted(): FakeCall[] {
    return [...this.calls.values()].filter(({ background, status }) => background === 'started' && !status)
  }

  /** The note that tells of the end of a background call. */
  findNote(callId: CallId): FakeMessage | undefined {
    return this.messages.find(({ messageId }) => messageId === `n${callId}`)
  }

  askCompaction(): { askingId: MessageId; position: number } {
    const position = ++this.#positions
    const askingId = `k${position}`
    this.askings.push({ askingId, before: this.systemTurns.size })
    return { askingId, position }
  }

  withdraw(message: FakeMessage): boolean {
    if (message.state !== 'queued') return false
    message.state = 'withdrawn'
    return true
  }

  /** Returns what the workflow is to be told: a turn, or null for the one that is about to begin. */
  stop(): TurnId | null | undefined {
    if (this.turnId !== undefined) {
      this.#isCancelling = true
      return this.turnId
    }
    return this.messages.some(({ state }) => state === 'queued') ? null : undefined
  }

  isStored({ turnId, round }: RoundRef): boolean {
    return this.#rounds.has(`${turnId} ${round}`)
  }

  /** A message waits that joins the next round. */
  get isJoined(): boolean {
    return this.messages.some(({ state, busyPolicy }) => state === 'queued' && busyPolicy === 'steer')
  }

  beginRound({ turnId, round, trigger, messageIds, steered = [] }: RoundRef): BegunRound {
    const stored = this.#rounds.get(`${turnId} ${round}`)
    if (stored !== undefined) return { outcome: 'done', stored: this.#withUnjoined(stored, steered) }
    if (this.ends.has(turnId)) return { outcome: 'over' }
    const started = this.messages.filter(({ messageId }) => messageIds.includes(messageId))
    if (started.some((message) => message.state === 'withdrawn' || isOfAnother(message, turnId))) {
      return { outcome: 'taken' }
    }
    if (this.turnId !== undefined && this.turnId !== turnId) {
      throw new Error(`${turnId} began while ${this.turnId} runs.`)
    }
    for (const message of this.messages) {
      const isWanted = [...messageIds, ...steered].includes(message.messageId)
      if (isWanted && message.state === 'queued') Object.assign(message, { state: 'done', turnId })
    }
    if (this.turnId === undefined) this.#isCancelling = false
    this.turnId = turnId
    if (trigger === 'system') this.systemTurns.add(turnId)
    if (round === 0) this.#append(turnId, 'turn.started')
    this.#append(turnId, 'round.started')
    return { outcome: 'run', isCancelling: this.#isCancelling }
  }

  #withUnjoined(stored: RoundOutcome, steered: readonly MessageId[]): RoundOutcome {
    const unjoined = this.messages
      .filter(({ messageId, state }) => steered.includes(messageId) && state === 'queued')
      .map(({ messageId }) => messageId)
    const isTold = unjoined.length > 0 && (stored.kind === 'tools' || stored.kind === 'finished')
    return isTold ? { ...stored, unjoined } : stored
  }

  /** Returns the outcome that stands. */
  finishRound(
    { turnId, round }: RoundRef,
    outcome: RoundOutcome,
    calls: readonly CallId[],
    requests: readonly Omit<FakeRequest, 'turnId'>[],
  ): RoundOutcome {
    const stored = this.#rounds.get(`${turnId} ${round}`)
    if (stored !== undefined) return stored
    if (this.turnId !== turnId) return { kind: 'nothing' }
    this.#rounds.set(`${turnId} ${round}`, outcome)
    for (const callId of calls) this.calls.set(callId, { callId, turnId, ends: 0 })
    for (const request of requests) this.openRequest({ ...request, turnId })
    if (outcome.kind === 'finished') this.#endTurn(turnId, outcome.outcome)
    return outcome
  }

  openRequest(request: FakeRequest): void {
    if (this.requests.some(({ ref }) => ref.requestId === request.ref.requestId)) return
    this.requests.push(request)
    this.#append(request.turnId, 'request.opened')
  }

  resolveRequest({
    requestId,
    answerId,
  }: Pick<ResolveRequestRef, 'requestId' | 'answerId'>): RequestResolution {
    const request = this.requests.find(({ ref }) => ref.requestId === requestId)
    if (request === undefined) return { calls: {} }
    if (request.outcome === undefined) {
      const outcome = answerId === null ? 'expired' : this.answers.get(answerId)
      if (outcome === undefined) return { calls: {} }
      Object.assign(request, { outcome, answerId })
      this.#append(request.turnId, 'request.resolved')
      if (request.ref.kind === 'question') this.#endAll(request, outcome === 'answered' ? 'ok' : 'denied')
      else if (outcome !== 'approved') this.#endAll(request, 'denied')
    }
    const calls = request.callIds.map((callId) => [callId, this.calls.get(callId)?.status ?? 'run'] as const)
    return { calls: Object.fromEntries(calls) }
  }

  beginTry(
    callId: CallId,
  ): { outcome: 'run'; isCancelling: boolean } | { outcome: 'done'; status: ToolStatus } {
    const call = this.calls.get(callId)
    if (call === undefined) throw new Error(`There is no call ${callId}.`)
    if (call.status !== undefined) return { outcome: 'done', status: call.status }
    return { outcome: 'run', isCancelling: this.#isCancelling && this.turnId === call.turnId }
  }

  /** Returns the status that stands. */
  finishCall(callId: CallId, status: ToolStatus): ToolStatus {
    const call = this.calls.get(callId)
    if (call === undefined) throw new Error(`There is no call ${callId}.`)
    if (call.status === undefined) {
      call.status = status
      call.ends += 1
      if (call.background === undefined) this.#append(call.turnId, 'tool.completed')
      else this.#addNote(callId)
    }
    return call.status
  }

  finishTurn(end: FinishTurnRef): void {
    const { turnId } = end
    this.beginRound({ ...end, round: 0 })
    if (this.turnId !== turnId) return
    for (const request of this.requests.filter((each) => each.turnId === turnId && !each.outcome)) {
      request.outcome = 'cancelled'
      this.#append(turnId, 'request.resolved')
    }
    const open = [...this.calls.values()].filter((call) => {
      return call.turnId === turnId && !call.status && !call.background
    })
    for (const { callId } of open) this.finishCall(callId, 'cancelled')
    this.#endTurn(turnId, end.outcome)
  }

  #addNote(callId: CallId): void {
    const position = ++this.#positions
    const messageId = `n${callId}`
    this.messages.push({ messageId, position, busyPolicy: 'queue', state: 'queued', note: true })
  }

  #endAll({ callIds }: FakeRequest, status: ToolStatus): void {
    for (const callId of callIds) this.finishCall(callId, status)
  }

  #endTurn(turnId: TurnId, outcome: string): void {
    this.#append(turnId, 'turn.finished')
    this.ends.set(turnId, outcome)
    this.turnId = undefined
  }

  #append(turnId: TurnId, type: string): void {
    if (this.ends.has(turnId)) throw new Error(`${type} of ${turnId} after its end.`)
    this.events.push({ turnId, type })
  }
}

function isOfAnother(message: FakeMessage, turnId: TurnId): boolean {
  return message.turnId !== undefined && message.turnId !== turnId
}
