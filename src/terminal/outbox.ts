import { randomUUID } from 'node:crypto'
import type { NewMessage, RegenerateWish } from '../client/api-answers.ts'
import type { Client } from '../client/create-client.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import { toPlainLine } from './text-filter.ts'

export type OutboxParts = {
  client: Client
  /** The conversation that messages go to; made with the first one. */
  conversationId: () => Promise<string>
  say: (text: string) => void
  onChange: () => void
}

/** What one message has of its own. */
export type MessageOptions = Pick<NewMessage, 'busyPolicy' | 'model'>

/** Messages on their way: sent one after the other, kept until the conversation's log has them. */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #sending = new Map<string, string>()
  #sent = Promise.resolve()

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** Texts that the server has not confirmed yet. */
  get texts(): string[] {
    return [...this.#sending.values()]
  }

  /** Sends a message after those before it: the order is the user's. Never rejects. */
  send(text: string, options: MessageOptions = {}): Promise<void> {
    return this.#add(text, (id, clientMessageId) =>
      this.#parts.client.postMessage(id, { ...options, text, clientMessageId }),
    )
  }

  /** Has a message answered anew, which has `text` already if the wish gives no other one. Never rejects. */
  regenerate(text: string, wish: RegenerateWish): Promise<void> {
    return this.#add(wish.text ?? text, (id, clientMessageId) =>
      this.#parts.client.regenerate(id, { ...wish, clientMessageId }),
    )
  }

  /** The conversation's log has the message. */
  confirm(clientMessageId: string): void {
    this.#sending.delete(clientMessageId)
  }

  clear(): void {
    this.#sending.clear()
  }

  #add(text: string, post: (id: string, clientMessageId: string) => Promise<unknown>): Promise<void> {
    const clientMessageId = randomUUID()
    this.#sending.set(clientMessageId, text)
    this.#parts.onChange()
    this.#sent = this.#sent.then(() => this.#post(text, clientMessageId, post))
    return this.#sent
  }

  async #post(
    text: string,
    clientMessageId: string,
    post: (id: string, clientMessageId: string) => Promise<unknown>,
  ): Promise<void> {
    const { conversationId, say, onChange } = this.#parts
    try {
      const id = await conversationId()
      await retryWhileUnavailable(() => post(id, clientMessageId))
    } catch (error) {
      this.#sending.delete(clientMessageId)
      say(`Not sent: “${toPlainLine(text)}”. ${error instanceof Error ? error.message : String(error)}`)
      onChange()
    }
  }
}
