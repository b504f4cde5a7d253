import type { Event } from '../contracts/event.ts'
import type { EventLog, EventNotice } from '../store/event-log.ts'
import type { Follower } from './feed-channel.ts'

const pageSize = 500

/** The events of all conversations of one owner, from now on, to everybody who follows the owner. */
export class OwnerChannel {
  readonly #log: EventLog
  readonly #onError: (notice: EventNotice, error: unknown) => void
  readonly #followers = new Set<Follower>()
  #telling: Promise<void> = Promise.resolve()

  constructor(log: EventLog, onError: (notice: EventNotice, error: unknown) => void) {
    this.#log = log
    this.#onError = onError
  }

  add(follower: Follower): void {
    this.#followers.add(follower)
  }

  /** Returns how many are left. */
  remove(follower: Follower): number {
    this.#followers.delete(follower)
    return this.#followers.size
  }

  /** One notice after the other: one whose events must be read first is not overtaken by the next. */
  onNotice(notice: EventNotice): void {
    this.#telling = this.#telling
      .then(async () => {
        const events = notice.events ?? (await this.#readEvents(notice))
        for (const follower of this.#followers) follower.push(events)
      })
      .catch((error: unknown) => this.#onError(notice, error))
  }

  async #readEvents({ conversationId, previousSeq, lastSeq }: EventNotice): Promise<Event[]> {
    const events: Event[] = []
    for (let after = previousSeq, hasMore = true; hasMore && after < lastSeq;) {
      const page = await this.#log.read(conversationId, after, pageSize)
      // Later ones come with their own notice.
      events.push(...page.events.filter(({ seq }) => seq <= lastSeq))
      after = page.nextAfter
      hasMore = page.hasMore
    }
    return events
  }
}
