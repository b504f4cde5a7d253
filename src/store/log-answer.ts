import type { Event, EventBody } from '../contracts/event.ts'
import type { ConversationId } from '../contracts/ids.ts'
import type { EventNotice, NewEvent } from './event-log.ts'
import { storableJson } from './storable-text.ts'

/** What `append_events` answers; `seqs` has a null for an event that stood there already. */
export type LogAnswer = {
  prev: number
  last: number
  ts: string
  owner: string
  seqs: (number | null)[]
}

/** An event on its way into SQL: key, turn, type, body. */
export type EventRow = { k: string | null; t: string | null; y: EventBody['type']; b: object }

/** A notification as it travels through PostgreSQL. */
export type WireNotice = { c: string; o: string; p: number; s: number } & (
  | { ts: string; seqs: (number | null)[]; es: EventRow[] }
  | { es?: undefined }
)

/** PostgreSQL refuses notifications of 8,000 bytes and more. */
const noticeSizeLimitBytes = 7_900

export function toEventRow({ key, turnId, body }: NewEvent): EventRow {
  const { type, ...rest } = body
  return { k: key, t: turnId, y: type, b: rest }
}

export function toEventRowsJson(events: readonly NewEvent[]): string {
  return storableJson(events.map(toEventRow))
}

/** Writes the notification of an append; without the events when they are too large. `events` is their JSON. */
export function toWireNotice(
  conversationId: ConversationId,
  answer: LogAnswer,
  events: string | undefined,
): string {
  const bare = { c: conversationId, o: answer.owner, p: answer.prev, s: answer.last }
  if (events === undefined || events.length > noticeSizeLimitBytes) return JSON.stringify(bare)
  const head = JSON.stringify({ ...bare, ts: answer.ts, seqs: answer.seqs })
  const full = `${head.slice(0, -1)},"es":${events}}`
  return Buffer.byteLength(full) <= noticeSizeLimitBytes ? full : JSON.stringify(bare)
}

/** Reads a notification. Only this program sends them, so its shape is not checked again. */
export function fromWireNotice(payload: string): EventNotice {
  const wire = JSON.parse(payload) as WireNotice
  const notice: EventNotice = {
    conversationId: wire.c,
    owner: wire.o,
    previousSeq: wire.p,
    lastSeq: wire.s,
  }
  if (wire.es === undefined) return notice
  const { ts, seqs, es } = wire
  const events = es.flatMap((row, index) => {
    const seq = seqs[index]
    return typeof seq === 'number' ? [toEvent(wire.c, { seq, ts, ...row })] : []
  })
  return { ...notice, events }
}

/** Puts an event together from its row. */
export function toEvent(
  conversationId: ConversationId,
  row: EventRow & { seq: number; ts: string | Date },
): Event {
  const base = {
    v: 1,
    seq: row.seq,
    conversationId,
    ...(row.t === null ? {} : { turnId: row.t }),
    ts: new Date(row.ts).toISOString(),
    type: row.y,
  }
  return { ...base, ...row.b } as Event
}
