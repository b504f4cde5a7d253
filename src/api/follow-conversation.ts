import type { Event, SnapshotEvent } from '../contracts/event.ts'
import type { ConversationId } from '../contracts/ids.ts'
import type { EventLog } from '../store/event-log.ts'
import type { EventFeed } from './event-feed.ts'
import type { OpenStream } from './open-streams.ts'
import { toFrame } from './sse.ts'

export type FollowOptions = {
  conversationId: ConversationId
  /** Cursor of the client, or the snapshot to begin with. */
  from: { after: number } | { snapshot: SnapshotEvent }
  /** The log's last number when the client was let in. */
  lastSeq: number
  feed: EventFeed
  log: EventLog
  onError(error: unknown): void
}

const pageSize = 200

/**
 * Sends a conversation's events from the cursor on: first from the log, a page whenever the client has taken
 * the last one, then live. Ends the stream when events were removed before they were sent: the client comes back
 * and gets a snapshot. Returns what ends it.
 */
export function followConversation(stream: OpenStream, options: FollowOptions): () => void {
  const { conversationId, from, feed } = options
  let sentSeq = 'after' in from ? from.after : from.snapshot.seq
  let live = false

  function send(event: Event): void {
    if (event.seq <= sentSeq) return
    sentSeq = event.seq
    stream.send(toFrame(event))
  }

  async function catchUp(): Promise<void> {
    while (stream.isOpen) {
      const told = feed.lastSeqOf(conversationId)
      const page = await options.log.read(conversationId, sentSeq, pageSize)
      if (page.floor > sentSeq) return stream.close()
      for (const event of page.events) {
        // Large events: a client that reads as fast as it can must not be taken for one that does not.
        if (stream.isFull) await stream.drained()
        send(event)
      }
      await stream.drained()
      // Nothing is passed on to this client yet: whatever was told to others since the read is read as well.
      live = !page.hasMore && feed.lastSeqOf(conversationId) === told
      if (live) return
    }
  }

  if ('snapshot' in from) stream.send(toFrame(from.snapshot))
  const stop = feed.follow(conversationId, options.lastSeq, {
    push(events) {
      if (live) for (const event of events) send(event)
    },
    miss(floor) {
      // Until it is live, it reads for itself.
      if (!live || floor <= sentSeq) return
      live = false
      stream.close()
    },
  })
  catchUp().catch((error: unknown) => {
    options.onError(error)
    // A stream that stayed open without events would look alive for ever.
    stream.close()
  })
  return stop
}
