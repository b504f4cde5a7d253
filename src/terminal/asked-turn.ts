import { applyEvent } from '../client/apply-event.ts'
import { type ConversationView, emptyView } from '../client/conversation-view.ts'
import type { Client } from '../client/create-client.ts'
import { findMessage } from '../client/entry-list.ts'
import type { FollowOptions } from '../client/follow-events.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import type { StreamEvent } from '../contracts/event.ts'
import type { HumanRequest } from '../contracts/human-request.ts'
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
  /** The conversation cannot go on by itself. */
  stalled: boolean

  constructor(client: Client, asked: AskedQuestion) {
    this.#client = client
    this.#asked = asked
    this.stalled = asked.stalled
    this.view = { ...emptyView, ...asked.behind, lastSeq: asked.after }
  }

  /** What a person must answer before the turn goes on, or before it begins. */
  get waitsFor(): HumanRequest | undefined {
    const { requests, state } = this.view
    if (state !== 'waiting' || this.#stopping || this.end !== undefined) return undefined
    if (this.#turnId !== undefined) return requests.find(({ turnId }) => turnId === this.#turnId)
    return this.#asked.interrupts ? undefined : requests[0]
  }

  /** Yields the events of this turn and of its question; ends when the turn ends, or cannot end by itself. */
  async *follow(options: FollowOptions): AsyncGenerator<StreamEvent> {
    const { conversationId, after } = this.#asked
    if (this.waitsFor || this.stalled) return
    for await (const event of this.#client.followEvents(conversationId, { ...options, after })) {
      this.view = applyEvent(this.view, event)
      if (this.#begins(event)) this.#turnId = event.turnId
      if (event.type === 'turn.started' && this.#stopping) await this.#cancel()
      if (event.type === 'snapshot') this.#findEnd()
      const own = this.#turnId !== undefined && event.turnId === this.#turnId
      if (own && event.type === 'turn.finished') this.end = exitCodeOfOutcome(event.outcome)
      if (this.#isQuestion(event) && isTakenBack(event)) this.end = exitCodes.failed
      if (own || this.#isQuestion(event)) yield event
      if (event.type === 'conversation.updated') this.stalled = event.stalled ?? this.stalled
      const mayWait = event.type === 'turn.waiting' || event.type === 'snapshot'
      if (this.end !== undefined || this.stalled || (mayWait && this.waitsFor)) return
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

  /** The question starts a turn, or joins one that runs. */
  #begins(event: StreamEvent): boolean {
    if (event.type !== 'turn.started' && event.type !== 'round.started') return false
    return event.messageIds?.includes(this.#asked.messageId) ?? false
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

/** It will never be answered. */
function isTakenBack({ type }: StreamEvent): boolean {
  return type === 'message.refused' || type === 'message.withdrawn'
}
