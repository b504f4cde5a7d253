import { randomUUID } from 'node:crypto'
import { applyEvent } from '../client/apply-event.ts'
import { type ConversationView, emptyView } from '../client/conversation-view.ts'
import type { Client } from '../client/create-client.ts'
import type { ConnectionChange } from '../client/follow-events.ts'
import { isSettled } from '../client/is-settled.ts'
import { loadView } from '../client/load-view.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import type { StreamEvent } from '../contracts/event.ts'
import type { ChatScreen } from './chat-screen.ts'
import { ConnectionState } from './connection-state.ts'
import type { Narrator } from './narrator.ts'
import { type ConversationWish, createConversation, explainMissing } from './open-conversation.ts'
import { tellPast } from './tell-past.ts'

export type ChatParts = { client: Client; screen: ChatScreen; narrator: Narrator; wish: ConversationWish }

/** One chat in the terminal: the conversation that is open, followed over any number of connections. */
export class Chat {
  readonly #parts: ChatParts
  readonly #sending = new Map<string, string>()
  #conversationId: string | undefined
  #following: AbortController | undefined
  #sent = Promise.resolve()
  #stopping = false
  readonly #connection = new ConnectionState(() => this.#refresh())
  #changed = Promise.withResolvers<void>()
  /** Ends the chat: the conversation cannot be followed any more. */
  onFailure: (error: unknown) => void = () => {}
  view: ConversationView = emptyView

  constructor(parts: ChatParts) {
    this.#parts = parts
  }

  get conversationId(): string | undefined {
    return this.#conversationId
  }

  /** Something that was asked has not been answered. */
  get busy(): boolean {
    return !isSettled(this.view) || this.#sending.size > 0
  }

  get stopping(): boolean {
    return this.#stopping
  }

  /** Opens an existing conversation and shows its last messages. */
  async open(conversationId: string): Promise<void> {
    const { client, screen, narrator } = this.#parts
    this.view = await loadView(client, conversationId).catch((error: unknown) => {
      throw explainMissing(error, conversationId)
    })
    for (const narration of tellPast(this.view, narrator)) screen.show(narration)
    this.#follow(conversationId)
  }

  /** Leaves the open conversation; the next message begins a new one. */
  reset(): void {
    this.#following?.abort()
    this.#conversationId = undefined
    this.#sending.clear()
    this.#stopping = false
    this.view = emptyView
    this.#refresh()
  }

  /** Sends a message; one that arrives during a turn waits in the server's queue. */
  async send(text: string): Promise<void> {
    const clientMessageId = randomUUID()
    this.#sending.set(clientMessageId, text)
    this.#refresh()
    // One after the other: the first makes the conversation, and the order is the user's.
    this.#sent = this.#sent.then(() => this.#post(text, clientMessageId))
    return this.#sent
  }

  async #post(text: string, clientMessageId: string): Promise<void> {
    const { client, screen, wish } = this.#parts
    try {
      const id = this.#conversationId ?? (await createConversation(client, wish)).id
      if (this.#conversationId === undefined) this.#follow(id)
      await retryWhileUnavailable(() => client.postMessage(id, { text, clientMessageId }))
    } catch (error) {
      this.#sending.delete(clientMessageId)
      screen.show({
        kind: 'line',
        text: `Not sent: ${error instanceof Error ? error.message : String(error)}`,
      })
      this.#refresh()
    }
  }

  /** Stops the running turn. */
  async stop(): Promise<void> {
    if (this.#conversationId === undefined) return
    const id = this.#conversationId
    this.#stopping = true
    this.#refresh()
    await retryWhileUnavailable(() => this.#parts.client.cancelTurn(id)).catch(() => {
      this.#stopping = false
    })
  }

  /** Resolves when everything that was asked is answered. */
  async settled(): Promise<void> {
    while (this.busy) await this.#changed.promise
  }

  close(): void {
    this.#following?.abort()
    this.#parts.screen.close()
  }

  #follow(conversationId: string): void {
    this.#following?.abort()
    this.#following = new AbortController()
    this.#conversationId = conversationId
    this.#readEvents(conversationId, this.#following.signal).catch((error: unknown) => this.onFailure(error))
  }

  async #readEvents(conversationId: string, signal: AbortSignal): Promise<void> {
    const onConnection = (change: ConnectionChange) => this.#connection.note(change)
    const options = { after: this.view.lastSeq, signal, onConnection }
    for await (const event of this.#parts.client.followEvents(conversationId, options)) {
      if (signal.aborted) return
      this.#apply(event)
    }
  }

  #apply(event: StreamEvent): void {
    const { screen, narrator } = this.#parts
    this.view = applyEvent(this.view, event)
    if (event.type === 'user.message' && event.clientMessageId !== undefined)
      this.#sending.delete(event.clientMessageId)
    if (event.type === 'turn.finished') this.#stopping = false
    // Stop was wished before the turn began, when there was nothing to stop.
    if (event.type === 'turn.started' && this.#stopping) void this.stop()
    for (const narration of narrator.tell(event, this.view)) screen.show(narration)
    this.#refresh()
  }

  #refresh(): void {
    const sending = [...this.#sending.values()]
    this.#parts.screen.refresh(this.view, {
      sending,
      stopping: this.#stopping,
      connection: this.#connection.current,
    })
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
