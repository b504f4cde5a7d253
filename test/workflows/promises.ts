import type { AnsweredRequest, AnswerRef } from '../../src/contracts/human-request.ts'
import type { MessageId, RequestId, TurnId } from '../../src/contracts/ids.ts'
import type { FakeMessage } from './fake-database.ts'
import type { FakeRefusal } from './fake-engine.ts'

/** What people asked for and were told, to be held against what became of it. */
export class Promises {
  readonly accepted = new Map<RequestId, AnswerRef>()
  /** What people were told stands instead of their answer. */
  readonly refused: { requestId: RequestId; outcome: string }[] = []
  readonly #turns = new Set<TurnId>()
  readonly #messages = new Set<MessageId>()
  #isAnyAllowed = false
  #isAnyAskingAllowed = false

  /** Somebody wants this turn to be stopped, or the one that one of these messages starts. */
  allowStop(turnId: TurnId | undefined, messages: readonly FakeMessage[]): void {
    if (turnId !== undefined) this.#turns.add(turnId)
    for (const { messageId } of messages) this.#messages.add(messageId)
  }

  /** Somebody wants whatever runs to be stopped. */
  allowAnyStop(): void {
    this.#isAnyAllowed = true
  }

  /** Somebody wants to stop what is about to begin: what was asked for may stand before every message. */
  allowStopOfAsking(): void {
    this.#isAnyAskingAllowed = true
  }

  mayBeStopped(turnId: TurnId, messages: readonly FakeMessage[], isAsked: boolean): boolean {
    const own = messages.filter((message) => message.turnId === turnId)
    if (this.#isAnyAllowed || (isAsked && this.#isAnyAskingAllowed)) return true
    return this.#turns.has(turnId) || own.some(({ messageId }) => this.#messages.has(messageId))
  }

  /** Returns whether the answer was accepted. `isOpen`: the request is, and the workflow was told of it. */
  note(answer: AnswerRef, result: AnsweredRequest | FakeRefusal, isOpen: boolean): boolean {
    const { requestId } = answer
    if ('type' in result) {
      const [outcome] = result.details
      if (result.type === 'request_unknown' && isOpen) throw new Error(`${requestId} is open and unknown.`)
      if (result.type === 'request_resolved') this.refused.push({ requestId, outcome: outcome ?? '' })
      return false
    }
    const other = this.accepted.get(requestId)
    if (other !== undefined && other.answerId !== answer.answerId) {
      throw new Error(`Two answers to ${requestId} were accepted.`)
    }
    if (result.outcome !== answer.outcome) throw new Error(`${requestId} was told to be ${result.outcome}.`)
    this.accepted.set(requestId, answer)
    return true
  }
}
