import { seenMessageLimit } from '../contracts/limits.ts'
import type { MessageId } from '../contracts/ids.ts'
import type { WaitingMessage } from '../contracts/turn.ts'

/**
 * Messages that wait for their turn, each once, in the order in which they were accepted: signals of messages
 * that are posted in the same moment overtake each other. Those that interrupt come before all others, notes behind
 * them. What is asked for besides messages waits among them; of each purpose one at most.
 * Remembers a bounded number of ids it has seen; beyond that the database key decides.
 */
export class MessageQueue {
  #waiting: WaitingMessage[]
  #seen: MessageId[]

  constructor(waiting: readonly WaitingMessage[] = [], seen: readonly MessageId[] = []) {
    this.#waiting = [...waiting]
    this.#seen = [...seen]
  }

  get length(): number {
    return this.#waiting.length
  }

  /** How many of those that wait are messages, and how many are notes. */
  get messages(): number {
    return this.#waiting.filter(({ purpose, note }) => purpose === undefined && note === undefined).length
  }

  get notes(): number {
    return this.#waiting.filter(({ note }) => note === true).length
  }

  /** What a Stop can mean that comes before its turn: nobody has asked for what only notes begin. */
  get first(): MessageId | undefined {
    const [first] = this.#waiting
    return first?.note === true ? undefined : first?.messageId
  }

  /** One that interrupts whatever runs is among those that wait. */
  get interrupts(): boolean {
    return this.#waiting.some(interrupts)
  }

  /** Returns false for a message that was seen before, and for what is asked for already. */
  add(message: WaitingMessage): boolean {
    if (!this.#see(message.messageId) || this.#isAskedFor(message)) return false
    this.putBack([message])
    return true
  }

  /** Queues messages that were taken out and came to nothing. */
  putBack(messages: readonly WaitingMessage[]): void {
    for (const { messageId, position, busyPolicy, note, purpose } of messages) {
      const message = {
        messageId,
        position,
        ...(busyPolicy === undefined ? {} : { busyPolicy }),
        ...(note === undefined ? {} : { note }),
        ...(purpose === undefined ? {} : { purpose }),
      }
      const before = this.#waiting.findLastIndex((other) => comesBefore(other, message))
      this.#waiting.splice(before + 1, 0, message)
    }
  }

  /** Also one whose signal is still to come. */
  remove(messageId: MessageId): void {
    this.#see(messageId)
    this.#waiting = this.#waiting.filter((message) => message.messageId !== messageId)
  }

  takeFirst(): WaitingMessage | undefined {
    return this.#waiting.shift()
  }

  /** Takes those that join the turn with this round: notes do only when it begins. */
  takeJoining(round: number): WaitingMessage[] {
    const joins = ({ busyPolicy, note }: WaitingMessage) =>
      busyPolicy === 'steer' || (note === true && round === 0)
    const joining = this.#waiting.filter(joins)
    if (joining.length > 0) this.#waiting = this.#waiting.filter((message) => !joins(message))
    return joining
  }

  toCarried(): { queue: WaitingMessage[]; seen: MessageId[] } {
    return { queue: this.#waiting, seen: this.#seen }
  }

  #isAskedFor({ purpose }: WaitingMessage): boolean {
    return purpose !== undefined && this.#waiting.some((other) => other.purpose === purpose)
  }

  /** Returns false when it was seen before. */
  #see(messageId: MessageId): boolean {
    if (this.#seen.includes(messageId)) return false
    this.#seen = [...this.#seen, messageId].slice(-seenMessageLimit)
    return true
  }
}

function interrupts({ busyPolicy }: WaitingMessage): boolean {
  return busyPolicy === 'interrupt'
}

function comesBefore(one: WaitingMessage, other: WaitingMessage): boolean {
  if (interrupts(one) !== interrupts(other)) return interrupts(one)
  if (one.note !== other.note) return other.note === true
  return one.position < other.position
}
