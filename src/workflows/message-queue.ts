import { seenMessageLimit } from '../contracts/limits.ts'
import type { MessageId } from '../contracts/ids.ts'

/**
 * Messages that wait for their turn, each once. Remembers a bounded number of ids it has seen; beyond
 * that the database key decides.
 */
export class MessageQueue {
  #waiting: MessageId[]
  #seen: MessageId[]

  constructor(waiting: readonly MessageId[] = [], seen: readonly MessageId[] = []) {
    this.#waiting = [...waiting]
    this.#seen = [...seen]
  }

  get length(): number {
    return this.#waiting.length
  }

  add(id: MessageId): void {
    if (this.#seen.includes(id)) return
    this.#seen = [...this.#seen, id].slice(-seenMessageLimit)
    this.#waiting.push(id)
  }

  takeFirst(): MessageId | undefined {
    return this.#waiting.shift()
  }

  toCarried(): { queue: MessageId[]; seen: MessageId[] } {
    return { queue: this.#waiting, seen: this.#seen }
  }
}
