import { seenMessageLimit } from '../contracts/limits.ts'
import type { MessageId } from '../contracts/ids.ts'
import type { WaitingMessage } from '../contracts/turn.ts'

/**
 * Messages that wait for their turn, each once, in the order in which they were accepted: signals of messages
 * that are posted in the same moment overtake each other. Remembers a bounded number of ids it has seen;
 * beyond that the database key decides.
 */
export class MessageQueue {
  readonly #waiting: WaitingMessage[]
  #seen: MessageId[]

  constructor(waiting: readonly WaitingMessage[] = [], seen: readonly MessageId[] = []) {
    this.#waiting = [...waiting]
    this.#seen = [...seen]
  }

  get length(): number {
    return this.#waiting.length
  }

  add({ messageId, position }: WaitingMessage): void {
    if (this.#seen.includes(messageId)) return
    this.#seen = [...this.#seen, messageId].slice(-seenMessageLimit)
    const before = this.#waiting.findLastIndex((other) => other.position < position)
    this.#waiting.splice(before + 1, 0, { messageId, position })
  }

  takeFirst(): MessageId | undefined {
    return this.#waiting.shift()?.messageId
  }

  toCarried(): { queue: WaitingMessage[]; seen: MessageId[] } {
    return { queue: this.#waiting, seen: this.#seen }
  }
}
