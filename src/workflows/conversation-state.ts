import { setCurrentDetails } from '@temporalio/workflow'

import type { ConversationState } from '../contracts/conversation.ts'
import type { StatusAnswer, TurnEnd } from '../contracts/turn.ts'
import type { CallProgressTable } from './call-progress.ts'
import type { MessageQueue } from './message-queue.ts'

type RunningTurn = { turnId: string; round: number }

/** What the conversation is doing: one field, changed in one function, shown to queries and the Temporal UI. */
export class StateOfConversation {
  #state: ConversationState = 'idle'
  #running: RunningTurn | undefined
  #lastEnd: string | undefined
  #turns: number
  readonly #queue: MessageQueue
  readonly #calls: CallProgressTable

  constructor(turns: number, queue: MessageQueue, calls: CallProgressTable) {
    this.#turns = turns
    this.#queue = queue
    this.#calls = calls
  }

  get turns(): number {
    return this.#turns
  }

  get runningTurnId(): string | undefined {
    return this.#running?.turnId
  }

  /** The only place where the state changes. */
  change(state: ConversationState, running: RunningTurn | undefined): void {
    this.#state = this.#state === 'cancelling' && state !== 'idle' ? 'cancelling' : state
    this.#running = running
    this.describe()
  }

  /** The running turn is being stopped. */
  cancelling(): void {
    this.change('cancelling', this.#running)
  }

  countTurn(): number {
    return ++this.#turns
  }

  endTurn({ outcome, code }: TurnEnd): void {
    this.#lastEnd = code === undefined ? outcome : `${outcome} (${code})`
    this.change('idle', undefined)
  }

  answer(): StatusAnswer {
    return {
      state: this.#state,
      ...(this.#running === undefined ? {} : this.#running),
      queued: this.#queue.length,
      turns: this.#turns,
    }
  }

  /** Refreshes the details in the Temporal UI; facts only, never what anybody said. */
  describe(): void {
    const lines = [
      `**${this.#state}**`,
      this.#running === undefined
        ? `${this.#turns} turns${this.#lastEnd === undefined ? '' : `, the last one: ${this.#lastEnd}`}`
        : `Turn \`${this.#running.turnId}\`, round ${this.#running.round}`,
      ...this.#calls.running().map((call) => `- running: \`${call}\``),
      this.#queue.length === 0 ? '' : `${this.#queue.length} messages are queued`,
    ]
    setCurrentDetails(lines.filter((line) => line !== '').join('\n\n'))
  }
}
