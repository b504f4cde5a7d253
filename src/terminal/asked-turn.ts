import { applyEvent } from '../client/apply-event.ts'
import { type ConversationView, emptyView } from '../client/conversation-view.ts'
import type { Client } from '../client/create-client.ts'
import { findMessage } from '../client/entry-list.ts'
import type { FollowOptions } from '../client/follow-events.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import type { StreamEvent } from '../contracts/event.ts'
import { exitCodeOfOutcome, exitCodes } from './exit-code.ts'
import type { AskedQuestion } from './post-question.ts'

/** The turn that answers one question, among the turns of others in the same conversation. */
export class AskedTurn {
  readonly #client: Client
  readonly #asked: AskedQuestion
  #turnId: string | undefined
  #stopping = false
  view: ConversationView
  /** Exit code of the turn, once it has ended. */
  end: number | undefined

  constructor(client: Client, asked: AskedQuestion) {
    this.#client = client
    this.#asked = asked
    this.view = { ...emptyView, lastSeq: asked.after }
  }

  /** Yields the events of this turn and of its question. */
  async *follow(options: FollowOptions): AsyncGenerator<StreamEvent> {
    const { conversationId, after } = this.#asked
    for await (const event of this.#client.followEvents(conversationId, { ...options, after })) {
      this.view = applyEvent(this.view, event)
      if (event.type === 'turn.started' && (await this.#isOwn(event.turnId))) this.#turnId = event.turnId
      if (event.type === 'turn.started' && this.#stopping) await this.#cancel()
      if (event.type === 'snapshot') this.#findEnd()
      const own = this.#turnId !== undefined && event.turnId === this.#turnId
      if (own && event.type === 'turn.finished') this.end = exitCodeOfOutcome(event.outcome)
      if (own || this.#isQuestion(event)) yield event
    }
  }

  /** Stops the turn; false when it has not begun, and stopping would end somebody else's. */
  async stop(): Promise<boolean> {
    this.#stopping = true
    return this.#cancel()
  }

  async #cancel(): Promise<boolean> {
    const { conversationId, alone } = this.#asked
    if (this.#turnId === undefined && !alone) return false
    await retryWhileUnavailable(() => this.#client.cancelTurn(conversationId, this.#turnId))
    return true
  }

  /** The event of a turn does not say which messages it answers; the stored message says its turn. */
  async #isOwn(turnId: string | undefined): Promise<boolean> {
    const { conversationId, messageId, alone } = this.#asked
    if (alone) return true
    const { messages } = await retryWhileUnavailable(() => this.#client.getConversation(conversationId))
    return messages.some((message) => message.id === messageId && message.turnId === turnId)
  }

  /** After a jump in the log the turn may have ended unseen. */
  #findEnd(): void {
    this.#turnId ??= findMessage(this.view, this.#asked.messageId)?.turnId
    if (this.#turnId !== undefined && this.view.turn?.turnId !== this.#turnId) this.end = exitCodes.success
  }

  #isQuestion(event: StreamEvent): boolean {
    return event.type === 'snapshot' || ('messageId' in event && event.messageId === this.#asked.messageId)
  }
}
