import type { Event, EventBody } from '../contracts/event.ts'
import type { ConversationId, OwnerId, TurnId } from '../contracts/ids.ts'

/** An event before it has a number. `key` makes a repeated append do nothing; deltas and progress have none. */
export type NewEvent = { key: string | null; turnId: TurnId | null; body: EventBody }

export type AppendOptions = {
  /** Drops the events unless this turn is the running one. */
  onlyInTurn?: TurnId
  /** Returns before the disk has the events; for deltas and progress only. */
  async?: boolean
}

export type EventPage = {
  events: Event[]
  /** Cursor for the next read. */
  nextAfter: number
  hasMore: boolean
  /** Events up to this number were not kept when the page was read: above the cursor, the reader has missed some. */
  floor: number
}

/** Something was appended. `events` is absent when it was too large to be told; read the log then. */
export type EventNotice = {
  conversationId: ConversationId
  owner: OwnerId
  /** The conversation's last number before the append. */
  previousSeq: number
  lastSeq: number
  events?: Event[]
}

/**
 * The append-only log of each conversation.
 *
 * `append` must number events in order, strictly rising, under one lock for each conversation; must do
 * nothing for a key that stands there; must never give out a number twice, not even after a crash that
 * took back asynchronous appends; must be all or nothing. It returns the last number of the log.
 * `read` must return every event after the cursor that is still kept, oldest first, and the floor of that same moment.
 * `listen` must tell each append at least once while the connection lives; notices may be late, repeated
 * or lost, never invented. A listener closes gaps by reading.
 */
export interface EventLog {
  /** @throws AppError `not_found` */
  append(
    conversationId: ConversationId,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<number>
  /** At most `limit` events whose number is greater than `after`. */
  read(conversationId: ConversationId, after: number, limit: number): Promise<EventPage>
  /** Calls `onNotice` until the returned function is called. `onGap` says that notices were lost. */
  listen(listener: { onNotice(notice: EventNotice): void; onGap(): void }): Promise<() => Promise<void>>
}
