import type { Event } from '../contracts/event.ts'
import type { ConversationId } from '../contracts/ids.ts'
import type { EventLog, EventNotice } from '../store/event-log.ts'

/** Somebody who is told events. */
export type Follower = { push(events: readonly Event[]): void }

/** Somebody who follows a conversation. Told every event after the channel's number when it joined. */
export type LogFollower = Follower & {
  /** Events up to this number were removed before the channel had read them all. */
  miss(floor: number): void
}

const pageSize = 500

/** One conversation's events on their way to everybody who follows it in this process. */
export class FeedChannel {
  readonly #conversationId: ConversationId
  readonly #log: EventLog
  readonly #onError: (error: unknown) => void
  readonly #followers = new Set<LogFollower>()
  #lastSeq: number
  #reading = false
  #readAgain = false

  constructor(
    conversationId: ConversationId,
    lastSeq: number,
    log: EventLog,
    onError: (error: unknown) => void,
  ) {
    this.#conversationId = conversationId
    this.#lastSeq = lastSeq
    this.#log = log
    this.#onError = onError
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  add(follower: LogFollower): void {
    this.#followers.add(follower)
  }

  /** Returns how many are left. */
  remove(follower: LogFollower): number {
    this.#followers.delete(follower)
    return this.#followers.size
  }

  /** Passes the notice's events on when nothing lies between them and the last ones; else reads the log. */
  onNotice({ previousSeq, lastSeq, events }: EventNotice): void {
    if (lastSeq <= this.#lastSeq) return
    if (events !== undefined && previousSeq === this.#lastSeq && !this.#reading) this.#push(events, lastSeq)
    else this.readOn()
  }

  readOn(): void {
    if (this.#reading) {
      this.#readAgain = true
      return
    }
    this.#reading = true
    this.#readPages()
      .catch(this.#onError)
      .finally(() => {
        this.#reading = false
        if (this.#readAgain) {
          this.#readAgain = false
          this.readOn()
        }
      })
  }

  async #readPages(): Promise<void> {
    for (;;) {
      const { events, nextAfter, hasMore, floor } = await this.#log.read(
        this.#conversationId,
        this.#lastSeq,
        pageSize,
      )
      if (floor > this.#lastSeq) this.#skipTo(floor)
      this.#push(events, nextAfter)
      if (!hasMore || this.#followers.size === 0) return
    }
  }

  #skipTo(floor: number): void {
    this.#lastSeq = floor
    for (const follower of this.#followers) follower.miss(floor)
  }

  #push(events: readonly Event[], lastSeq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, lastSeq)
    if (events.length > 0) for (const follower of this.#followers) follower.push(events)
  }
}
