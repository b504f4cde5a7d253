import type { Event } from '../../src/contracts/event.ts'
import { AppError } from '../../src/contracts/errors.ts'
import type { EventLog, EventNotice } from '../../src/store/event-log.ts'
import { storableJson } from '../../src/store/storable-text.ts'

type Stored = { event: Event; key: string | null; durable: boolean }
type Conversation = { owner: string; stored: Stored[]; lastSeq: number; turnId: string | null }
type Listener = Parameters<EventLog['listen']>[0]

/** An event log in memory, with the ways in which a real one fails. */
export type MemoryEventLog = {
  log: EventLog
  createConversation(id: string, owner: string): void
  runTurn(id: string, turnId: string | null): void
  /** Loses the notices that were under way. */
  breakConnections(): void
  /** Loses asynchronous appends. */
  crash(): void
}

export function createMemoryEventLog(): MemoryEventLog {
  const conversations = new Map<string, Conversation>()
  const listeners = new Set<Listener>()

  function tell(notice: EventNotice): void {
    queueMicrotask(() => {
      for (const { onNotice } of listeners) onNotice(notice)
    })
  }

  function get(id: string): Conversation {
    const found = conversations.get(id)
    if (found === undefined) throw new AppError('not_found', `There is no conversation ${id}.`)
    return found
  }

  const log: EventLog = {
    async append(conversationId, events, { onlyInTurn, async = false } = {}) {
      const conversation = get(conversationId)
      if (onlyInTurn !== undefined && conversation.turnId !== onlyInTurn) return conversation.lastSeq
      const previousSeq = conversation.lastSeq
      const appended: Event[] = []
      for (const { key, turnId, body } of events) {
        if (key !== null && conversation.stored.some((stored) => stored.key === key)) continue
        const event: Event = {
          v: 1,
          seq: ++conversation.lastSeq,
          conversationId,
          ...(turnId === null ? {} : { turnId }),
          ts: new Date().toISOString(),
          ...JSON.parse(storableJson(body)),
        }
        conversation.stored.push({ event, key, durable: !async })
        appended.push(event)
      }
      if (!async) for (const stored of conversation.stored) stored.durable = true
      const { lastSeq, owner } = conversation
      if (appended.length > 0) tell({ conversationId, owner, previousSeq, lastSeq, events: appended })
      return lastSeq
    },

    async read(conversationId, after, limit) {
      const found = (conversations.get(conversationId)?.stored ?? []).filter(({ event }) => event.seq > after)
      const events = found.slice(0, limit).map(({ event }) => event)
      return { events, nextAfter: events.at(-1)?.seq ?? after, hasMore: found.length > limit, floor: 0 }
    },

    async listen(listener) {
      const own = { ...listener }
      listeners.add(own)
      return async () => void listeners.delete(own)
    },
  }

  function breakConnections(): void {
    for (const { onGap } of listeners) onGap()
  }

  return {
    log,
    createConversation: (id, owner) => conversations.set(id, { owner, stored: [], lastSeq: 0, turnId: null }),
    runTurn(id, turnId) {
      get(id).turnId = turnId
    },
    breakConnections,
    crash() {
      for (const conversation of conversations.values()) {
        const lost = conversation.stored.findIndex(({ durable }) => !durable)
        if (lost !== -1) conversation.stored.length = lost
        conversation.lastSeq += 1_000_000
      }
      breakConnections()
    },
  }
}
