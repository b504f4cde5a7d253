import type { Event } from '../../src/contracts/event.ts'
import type { EventLog, EventNotice, EventPage } from '../../src/store/event-log.ts'

/** A log in memory whose reads take as long, and whose notices come when, the test wants. */
export type ScriptedLog = EventLog & {
  /** Stores the next events and returns their notice, which nobody is told of yet. */
  commit(count: number): EventNotice
  /** Reads that wait; each answers with what stood in the log when it began. */
  readonly pending: readonly (() => void)[]
  /** Lets the oldest read that waits answer. */
  answerRead(): void
  tell(notice: EventNotice): void
  /** Removes the events up to this number, as the sweep does. */
  sweep(upTo: number): void
  readonly floor: number
  readonly lastSeq: number
  readonly reads: number
}

const toEvent = (seq: number): Event => ({
  v: 1,
  seq,
  conversationId: 'c_1',
  ts: '2026-01-01T00:00:00.000Z',
  type: 'notice',
  level: 'info',
  code: 'test',
  message: String(seq),
})

/** With `held`, reads wait for `answerRead`; else they answer by themselves. */
export function createScriptedLog({ held = false }: { held?: boolean } = {}): ScriptedLog {
  let events: Event[] = []
  let lastSeq = 0
  let floor = 0
  const pending: (() => void)[] = []
  const listeners: ((notice: EventNotice) => void)[] = []
  let reads = 0

  function toPage(after: number, limit: number): EventPage {
    const found = events.filter(({ seq }) => seq > after)
    const page = found.slice(0, limit)
    return { events: page, nextAfter: page.at(-1)?.seq ?? after, hasMore: found.length > limit, floor }
  }

  return {
    pending,
    get lastSeq() {
      return lastSeq
    },
    get floor() {
      return floor
    },
    get reads() {
      return reads
    },
    commit(count) {
      const previousSeq = lastSeq
      const added = Array.from({ length: count }, (_, index) => toEvent(previousSeq + index + 1))
      events.push(...added)
      lastSeq += count
      return {
        conversationId: 'c_1',
        owner: 'o_1',
        previousSeq,
        lastSeq,
        events: added,
      }
    },
    sweep(upTo) {
      floor = Math.max(floor, upTo)
      events = events.filter(({ seq }) => seq > floor)
    },
    answerRead: () => pending.shift()?.(),
    tell(notice) {
      for (const listener of listeners) listener(notice)
    },
    append: () => Promise.reject(new Error('Nothing is appended here.')),
    read(_conversationId, after, limit) {
      reads += 1
      const page = toPage(after, limit)
      if (!held) return Promise.resolve(page)
      return new Promise((resolve) => pending.push(() => resolve(page)))
    },
    listen({ onNotice }) {
      listeners.push(onNotice)
      return Promise.resolve(() => Promise.resolve())
    },
  }
}
