import type { RegenerateWish } from '../client/api-answers.ts'
import { applyEvent } from '../client/apply-event.ts'
import { type ConversationView, emptyView, type MessageEntry } from '../client/conversation-view.ts'
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
import { type MessageOptions, Outbox } from './outbox.ts'
import { RequestDesk } from './prompts/request-desk.ts'
import { tellPast } from './tell-past.ts'

/** What commands show and change of a conversation. */
export type ChatSettings = Omit<ConversationWish, 'chain'>

export type ChatParts = { client: Client; screen: ChatScreen; narrator: Narrator; wish: ConversationWish }

/** One chat in the terminal: the conversation that is open, followed over any number of connections. */
export class Chat {
  readonly #parts: ChatParts
  readonly #outbox: Outbox
  readonly #connection = new ConnectionState(() => this.#refresh())
  #wish: ConversationWish
  #conversationId: string | undefined
  #following: AbortController | undefined
  #stopping = false
  #opening = Promise.resolve()
  #changed = Promise.withResolvers<void>()
  /** Ends the chat: the conversation cannot be followed any more. */
  onFailure: (error: unknown) => void = () => {}
  /** What the user is asked for. */
  readonly desk: RequestDesk
  view: ConversationView = emptyView
  #nextModel: string | undefined

  constructor(parts: ChatParts) {
    const { client, screen, narrator, wish } = parts
    const shared = {
      client,
      say: (text: string) => screen.show(narrator.aside(text)),
      onChange: () => this.#refresh(),
    }
    this.#parts = parts
    this.#wish = wish
    this.#outbox = new Outbox({ ...shared, conversationId: () => this.#ensureConversation() })
    this.desk = new RequestDesk(shared)
  }

  get conversationId(): string | undefined {
    return this.#conversationId
  }

  /** The conversation that commands are about: what was written after the one to open it is meant for it. */
  async readConversationId(): Promise<string | undefined> {
    await this.#opening
    return this.#conversationId
  }

  /** Something that was asked has not been answered. */
  get busy(): boolean {
    return !isSettled(this.view) || this.#outbox.texts.length > 0
  }

  get stopping(): boolean {
    return this.#stopping
  }

  /** What new conversations begin with, or what the open one has. */
  get settings(): ChatSettings {
    return this.view.conversation ?? this.#wish
  }

  /** Opens an existing conversation and shows its last messages. */
  open(conversationId: string): Promise<void> {
    const opened = this.#open(conversationId)
    this.#opening = opened.catch(() => {})
    return opened
  }

  async #open(conversationId: string): Promise<void> {
    const { client, screen, narrator } = this.#parts
    const view = await loadView(client, conversationId).catch((error: unknown) => {
      throw explainMissing(error, conversationId)
    })
    this.begin()
    this.view = view
    for (const narration of tellPast(view, narrator)) screen.show(narration)
    this.#follow(conversationId)
    this.desk.follow(view)
    this.#refresh()
  }

  /** Leaves the open conversation; the next message begins a new one. */
  begin(): void {
    this.#following?.abort()
    this.#conversationId = undefined
    this.#outbox.clear()
    this.desk.clear()
    this.#stopping = false
    this.view = emptyView
    this.#refresh()
  }

  /** Answers the next message alone, instead of the conversation's. */
  get nextModel(): string | undefined {
    return this.#nextModel
  }

  /** Has the next message answered by another model. */
  useOnce(model: string): void {
    this.#nextModel = model
    this.#refresh()
  }

  /** Sends a message; during a turn its policy decides, else the conversation's. */
  send(text: string, options: MessageOptions = {}): Promise<void> {
    const model = this.#nextModel
    this.#nextModel = undefined
    return this.#outbox.send(text, { ...options, ...(model !== undefined && { model }) })
  }

  /** Has one of the user's messages answered anew, by default with its own text. */
  regenerate({ id, content }: MessageEntry, wish: Omit<RegenerateWish, 'messageId'>): Promise<void> {
    // The server may not keep the text.
    const own = content.text !== '' && { text: content.text }
    return this.#outbox.regenerate(content.text, { ...own, ...wish, messageId: id })
  }

  /** Changes the open conversation, or what the next one begins with. */
  async change(changes: ChatSettings): Promise<void> {
    const id = await this.readConversationId()
    if (id === undefined) this.#wish = { ...this.#wish, ...changes }
    else await retryWhileUnavailable(() => this.#parts.client.updateConversation(id, changes))
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

  /** Resolves when nothing goes on without the user: all is answered, or the user is asked for something. */
  async settled(): Promise<void> {
    while (this.busy && !this.desk.waiting && !this.view.conversation?.stalled) await this.#changed.promise
  }

  close(): void {
    this.#following?.abort()
    this.#parts.screen.close()
  }

  async #ensureConversation(): Promise<string> {
    // What was written after the command to open one is meant for that one.
    await this.#opening
    if (this.#conversationId !== undefined) return this.#conversationId
    const conversation = await createConversation(this.#parts.client, this.#wish)
    this.view = { ...emptyView, conversation }
    this.#follow(conversation.id)
    return conversation.id
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
      this.#outbox.confirm(event.clientMessageId)
    if (event.type === 'turn.finished') this.#stopping = false
    // Stop was wished before the turn began, when there was nothing to stop.
    if (event.type === 'turn.started' && this.#stopping) void this.stop()
    for (const narration of narrator.tell(event, this.view)) screen.show(narration)
    this.desk.follow(this.view)
    this.#refresh()
  }

  #refresh(): void {
    this.#parts.screen.refresh(this.view, {
      sending: this.#outbox.texts,
      stopping: this.#stopping,
      connection: this.#connection.current,
      prompt: this.desk.prompt,
      answering: this.desk.sending,
      conversationId: this.#conversationId,
      nextModel: this.#nextModel,
    })
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
