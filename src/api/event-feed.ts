import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { Logger } from '../ops/logger.ts'
import type { EventLog, EventNotice } from '../store/event-log.ts'
import { FeedChannel, type Follower, type LogFollower } from './feed-channel.ts'
import { OwnerChannel } from './owner-channel.ts'

/**
 * Spreads the log's notices over everybody who follows: one listener in a process and one reader for each
 * conversation, however many tabs.
 */
export class EventFeed {
  readonly #log: EventLog
  readonly #logger: Logger
  readonly #channels = new Map<ConversationId, FeedChannel>()
  readonly #owners = new Map<OwnerId, OwnerChannel>()
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
  follow(conversationId: ConversationId, lastSeq: number, follower: LogFollower): () => void {
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
  followOwner(owner: OwnerId, follower: Follower): () => void {
    const channel = this.#owners.get(owner) ?? this.#openOwnerChannel(owner)
    channel.add(follower)
    return () => {
      if (channel.remove(follower) === 0) this.#owners.delete(owner)
    }
  }

  #openChannel(conversationId: ConversationId, lastSeq: number): FeedChannel {
    const channel = new FeedChannel(conversationId, lastSeq, this.#log, (err) =>
      this.#logger.warn({ conversationId, err }, 'reading on in the log failed'),
    )
    this.#channels.set(conversationId, channel)
    return channel
  }

  #openOwnerChannel(owner: OwnerId): OwnerChannel {
    const channel = new OwnerChannel(this.#log, ({ conversationId }, err) =>
      this.#logger.warn({ conversationId, err }, 'an owner was not told of an event'),
    )
    this.#owners.set(owner, channel)
    return channel
  }

  #onNotice(notice: EventNotice): void {
    this.#channels.get(notice.conversationId)?.onNotice(notice)
    this.#owners.get(notice.owner)?.onNotice(notice)
  }

  #readOn(): void {
    for (const channel of this.#channels.values()) channel.readOn()
  }
}

const readOnPeriodMs = 2_000
