import type { Event } from '../contracts/event.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { Logger } from '../ops/logger.ts'
import type { EventLog, EventNotice } from '../store/event-log.ts'
import { FeedChannel, type Follower } from './feed-channel.ts'

export type OwnerFollower = { push(events: readonly Event[]): void; owner: OwnerId }

/**
 * Spreads the log's notices over everybody who follows: one listener in a process and one reader for each
 * conversation, however many tabs.
 */
export class EventFeed {
  readonly #log: EventLog
  readonly #logger: Logger
  readonly #channels = new Map<ConversationId, FeedChannel>()
  readonly #owners = new Map<OwnerId, Set<OwnerFollower>>()
  #close: (() => Promise<void>) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(log: EventLog, logger: Logger) {
    this.#log = log
    this.#logger = logger
  }

  async open(): Promise<void> {
    this.#close = await this.#log.listen({
      onNotice: (notice) => this.#onNotice(notice),
      onGap: () => this.#readOn(),
    })
    // The net below: a notice that was lost without a gap in the connection.
    this.#timer = setInterval(() => this.#readOn(), readOnPeriodMs)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#close?.()
  }

  /** Follows one conversation from `lastSeq` on. Returns the function that ends it. */
  follow(conversationId: ConversationId, lastSeq: number, follower: Follower): () => void {
    const channel = this.#channels.get(conversationId) ?? this.#openChannel(conversationId, lastSeq)
    channel.add(follower)
    return () => {
      if (channel.remove(follower) === 0) this.#channels.delete(conversationId)
    }
  }

  /** The last number that a conversation's followers have been told. */
  lastSeqOf(conversationId: ConversationId): number {
    return this.#channels.get(conversationId)?.lastSeq ?? 0
  }

  /** Follows all conversations of an owner, from now on. */
  followOwner(follower: OwnerFollower): () => void {
    const followers = this.#owners.get(follower.owner) ?? new Set()
    this.#owners.set(follower.owner, followers.add(follower))
    return () => {
      followers.delete(follower)
      if (followers.size === 0) this.#owners.delete(follower.owner)
    }
  }

  #openChannel(conversationId: ConversationId, lastSeq: number): FeedChannel {
    const channel = new FeedChannel(conversationId, lastSeq, this.#log, (err) =>
      this.#logger.warn({ conversationId, err }, 'reading on in the log failed'),
    )
    this.#channels.set(conversationId, channel)
    return channel
  }

  #onNotice(notice: EventNotice): void {
    this.#channels.get(notice.conversationId)?.onNotice(notice)
    const followers = this.#owners.get(notice.owner)
    if (followers !== undefined) void this.#tellOwner(notice, followers)
  }

  async #tellOwner(notice: EventNotice, followers: ReadonlySet<OwnerFollower>): Promise<void> {
    try {
      const { conversationId, previousSeq } = notice
      const events =
        notice.events ?? (await this.#log.read(conversationId, previousSeq, ownerPageSize)).events
      for (const follower of followers) follower.push(events)
    } catch (err) {
      this.#logger.warn({ conversationId: notice.conversationId, err }, 'an owner was not told of an event')
    }
  }

  #readOn(): void {
    for (const channel of this.#channels.values()) channel.readOn()
  }
}

const readOnPeriodMs = 2_000
const ownerPageSize = 100
