import type { Conversation, Message } from '../../src/contracts/conversation.ts'
import type { Event, EventBody, Snapshot } from '../../src/contracts/event.ts'
import type { HumanRequest, PermissionDecision, RequestOutcome } from '../../src/contracts/human-request.ts'

type Decisions = Record<string, PermissionDecision>

/** One conversation of the fake server: its log, and what a snapshot needs beside it. */
export class FakeConversation {
  readonly events: Event[] = []
  readonly messages: Message[] = []
  readonly posted = new Map<string, string>()
  /** Messages that another model than the conversation's answers. */
  readonly models = new Map<string, string>()
  readonly waiting: string[] = []
  /** Messages that join the turn with its next round. */
  readonly steered: string[] = []
  /** Open ones, by id. */
  readonly requests = new Map<string, HumanRequest>()
  readonly conversation: Conversation
  turn: { turnId: string; round: number; startedAt: string } | undefined
  turns = 0
  stop = new AbortController()
  #listeners = new Set<() => void>()
  readonly #waiters = new Map<string, (outcome: RequestOutcome) => void>()

  constructor(id: string, fields: Partial<Conversation>) {
    const now = new Date().toISOString()
    this.conversation = {
      id,
      title: 'New conversation',
      state: 'idle',
      model: 'scripted/demo',
      modelSettings: {},
      busyPolicy: 'queue',
      permissions: 'ask',
      history: { kind: 'full' },
      memory: false,
      archived: false,
      stalled: false,
      createdAt: now,
      updatedAt: now,
      lastSeq: 0,
      ...fields,
    }
  }

  append(body: EventBody, turnId = this.turn?.turnId): Event {
    const seq = this.conversation.lastSeq + 1
    const event: Event = {
      v: 1,
      seq,
      conversationId: this.conversation.id,
      ...(turnId !== undefined && { turnId }),
      ts: new Date().toISOString(),
      ...body,
    }
    this.conversation.lastSeq = seq
    this.events.push(event)
    for (const listener of this.#listeners) listener()
    return event
  }

  /** A call that goes on beyond its turn. */
  startBackgroundCall(title: string, callId: string): void {
    const call = { name: 'watch', title, effect: 'read', input: {}, background: true } as const
    this.append({ type: 'tool.started', callId, ...call })
  }

  /** Answers which call was stopped; none, when it has ended. */
  stopCall(callId: string): { callId?: string } {
    const ended = this.events.some((event) => event.type === 'tool.completed' && event.callId === callId)
    if (ended) return {}
    this.append({ type: 'tool.completed', callId, status: 'cancelled' }, undefined)
    return { callId }
  }

  /** The message joins the running turn with its next round. */
  steer(messageId: string): void {
    this.steered.push(messageId)
    for (const listener of this.#listeners) listener()
  }

  /** Opens a request and resolves with what it came to; rejects when the turn is stopped. */
  async ask(asked: Pick<HumanRequest, 'kind' | 'callId' | 'card' | 'form'>): Promise<RequestOutcome> {
    const turnId = this.turn?.turnId ?? ''
    const requestId = `${turnId}.q${this.conversation.lastSeq}`
    const expiresAt = new Date(Date.now() + 3 * 3_600_000).toISOString()
    const conversationId = this.conversation.id
    const openedAt = new Date().toISOString()
    this.requests.set(requestId, { ...asked, requestId, conversationId, turnId, openedAt, expiresAt })
    this.append({ type: 'request.opened', requestId, expiresAt, ...asked })
    this.append({ type: 'conversation.updated', state: 'waiting' })
    this.append({ type: 'turn.waiting', requestIds: [requestId] })
    const stop = () => this.resolve(requestId, 'cancelled', 'stop')
    this.stop.signal.addEventListener('abort', stop)
    const outcome = await new Promise<RequestOutcome>((resolve) => this.#waiters.set(requestId, resolve))
    this.stop.signal.removeEventListener('abort', stop)
    this.stop.signal.throwIfAborted()
    this.append({ type: 'conversation.updated', state: 'tools' })
    return outcome
  }

  /** Resolves an open request; false when it is not open. */
  resolve(requestId: string, outcome: RequestOutcome, by: string, decisions?: Decisions): boolean {
    if (!this.requests.delete(requestId)) return false
    this.append({ type: 'request.resolved', requestId, outcome, by, ...(decisions && { decisions }) })
    this.#waiters.get(requestId)?.(outcome)
    return true
  }

  /** Resolves at the next append, or when the signal aborts. */
  appended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#listeners.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  snapshot(): Snapshot {
    const { conversation, messages, turn, posted, waiting, requests } = this
    return {
      conversation: { ...conversation, state: turn ? (requests.size > 0 ? 'waiting' : 'thinking') : 'idle' },
      messages: [...messages],
      contextChanges: [],
      openRequests: [...requests.values()],
      queue: waiting.map((messageId, position) => ({
        messageId,
        text: posted.get(messageId) ?? '',
        position,
      })),
      calls: [],
      lastSeq: conversation.lastSeq,
      ...(turn && { turn }),
    }
  }
}
