import type { Conversation, Message } from '../../src/contracts/conversation.ts'
import type { Event, EventBody, Snapshot } from '../../src/contracts/event.ts'

/** One conversation of the fake server: its log, and what a snapshot needs beside it. */
export class FakeConversation {
  readonly events: Event[] = []
  readonly messages: Message[] = []
  readonly posted = new Map<string, string>()
  readonly waiting: string[] = []
  readonly conversation: Conversation
  turn: { turnId: string; round: number; startedAt: string } | undefined
  turns = 0
  stop = new AbortController()
  #listeners = new Set<() => void>()

  constructor(id: string, fields: Partial<Conversation>) {
    const now = new Date().toISOString()
    this.conversation = {
      id,
      title: 'New conversation',
      state: 'idle',
      model: 'scripted/demo',
      busyPolicy: 'queue',
      history: { kind: 'full' },
      memory: false,
      archived: false,
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
    const { conversation, messages, turn, posted, waiting } = this
    return {
      conversation: { ...conversation, state: turn ? 'thinking' : 'idle' },
      messages: [...messages],
      openRequests: [],
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
