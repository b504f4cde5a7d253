import type { RequestResolution } from '../contracts/activity-interface.ts'
import type { AnsweredRequest, AnswerRef, RequestRef } from '../contracts/human-request.ts'
import type { RequestId } from '../contracts/ids.ts'
import type { Turn } from '../contracts/turn.ts'
import type { Engine } from './engine.ts'

/** What came of asking: `parked` when the turn is to be cut while it waits. */
export type Asked = RequestResolution | 'parked'

type OpenRequest = {
  ref: RequestRef
  given?: AnswerRef
  asked?: Promise<Asked>
  /** What it came to is being written. */
  isWritten?: boolean
}

/**
 * What people are asked and have not answered. An answer is taken exactly once, by an update; no answer means
 * no.
 */
export class OpenRequests {
  readonly #engine: Engine
  readonly #open = new Map<RequestId, OpenRequest>()
  /** Holds while nothing but people is waited for and the run must end. */
  readonly #mustPark: () => boolean
  #isParked = false

  constructor(engine: Engine, mustPark: () => boolean) {
    this.#engine = engine
    this.#mustPark = mustPark
  }

  /** Makes a request answerable before anybody waits for it. */
  open(ref: RequestRef): void {
    if (!this.#open.has(ref.requestId)) this.#open.set(ref.requestId, { ref })
  }

  list(): RequestRef[] {
    return [...this.#open.values()].filter((request) => !isSettled(request)).map(({ ref }) => ref)
  }

  /** Answers that are taken and not written yet. */
  listGiven(): AnswerRef[] {
    return [...this.#open.values()].flatMap(({ given }) => given ?? [])
  }

  /** For the update's validator: throws what tells the person why, and leaves no trace. */
  assertAnswerable({ requestId, answerId }: AnswerRef, isCancelling: boolean): void {
    const request = this.#open.get(requestId)
    if (request === undefined) {
      throw this.#engine.refusal('request_unknown', `Request ${requestId} is not open here.`, [])
    }
    if (request.given !== undefined && request.given.answerId !== answerId) {
      const { outcome } = request.given
      throw this.#engine.refusal('request_resolved', `Request ${requestId} was ${outcome}.`, [outcome])
    }
    if (request.given !== undefined) return
    if (request.isWritten === true || this.#engine.now() >= request.ref.expiresAtMs) {
      throw this.#engine.refusal('request_expired', `Request ${requestId} has expired.`, [])
    }
    if (isCancelling) {
      throw this.#engine.refusal('request_resolved', `Request ${requestId} was cancelled.`, ['cancelled'])
    }
  }

  /** Takes an answer that was found answerable, by this run or an earlier one. */
  answer(answer: AnswerRef): AnsweredRequest {
    const request = this.#open.get(answer.requestId)
    if (request !== undefined) request.given ??= answer
    return { requestId: answer.requestId, outcome: request?.given?.outcome ?? answer.outcome }
  }

  /** Waits for a person, once for all calls that share the request. Rejects when the turn is stopped. */
  ask(turn: Turn, ref: RequestRef): Promise<Asked> {
    this.open(ref)
    const request: OpenRequest = this.#open.get(ref.requestId) ?? { ref }
    request.asked ??= this.#resolve(turn, request)
    return request.asked
  }

  /** Forgets what a turn asked that has ended. */
  clear(): void {
    this.#open.clear()
  }

  /** Lets go of all calls that wait when the run must end: they wait on in the next one. */
  parkIfNeeded(): void {
    this.#isParked = this.#canPark()
  }

  #canPark(): boolean {
    return this.#mustPark() && ![...this.#open.values()].some(isSettled)
  }

  async #resolve(turn: Turn, request: OpenRequest): Promise<Asked> {
    const { ref } = request
    const hasAnswer = () => request.given !== undefined
    const summary = `waits for a person: ${ref.kind}`
    try {
      while (!hasAnswer()) {
        const left = timeLeftMs(ref, this.#engine.now())
        if (!(await this.#engine.until(() => hasAnswer() || this.#isParked, left, summary))) break
        // A Stop, or an answer to another request, may have come with the same task.
        this.#isParked &&= this.#canPark()
        if (this.#isParked && !hasAnswer()) {
          delete request.asked
          return 'parked'
        }
      }
    } catch (error) {
      // An answer that was taken is written, also when the turn is stopped in the same moment.
      if (hasAnswer()) await this.#write(turn, request)
      throw error
    }
    return this.#write(turn, request)
  }

  async #write({ conversationId, turnId }: Turn, request: OpenRequest): Promise<RequestResolution> {
    const { requestId } = request.ref
    const answerId = request.given?.answerId ?? null
    request.isWritten = true
    try {
      return await this.#engine.shield(() =>
        this.#engine.resolveRequest({ conversationId, turnId, requestId, answerId }),
      )
    } finally {
      this.#open.delete(requestId)
    }
  }
}

/** Nobody is waited for any more. */
function isSettled({ given, isWritten }: OpenRequest): boolean {
  return given !== undefined || isWritten === true
}

/** Milliseconds until a request expires; at least one. */
function timeLeftMs({ expiresAtMs }: RequestRef, nowMs: number): number {
  return Math.max(expiresAtMs - nowMs, 1)
}
