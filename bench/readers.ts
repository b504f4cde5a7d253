import type { Client } from '../src/client/create-client.ts'

/** A client that follows a conversation and counts. */
export type Reader = {
  /** Resolves when the stream is open. */
  open: Promise<void>
  /** The numbers of the events that last, in the order in which they came: pieces of text are for show, and go with their turn. */
  seen: number[]
  /** The number of the last event of any kind; `after` when there was none. */
  lastSeq(): number
  /** From when each event was written until it was here, in milliseconds. */
  delaysMs: number[]
  /** Resolves when the event with this number has come. */
  untilSeen(seq: number): Promise<void>
  close(): void
}

const passing = /\.delta$|^tool\.progress$/

/** Follows from behind the event `after`. */
export function openReader(client: Client, conversationId: string, after: number): Reader {
  const controller = new AbortController()
  const open = Promise.withResolvers<void>()
  const seen: number[] = []
  let lastSeq = after
  const delaysMs: number[] = []
  const watchers = new Set<{ seq: number; resolve(): void }>()

  async function follow(): Promise<void> {
    const events = client.followEvents(conversationId, {
      after,
      signal: controller.signal,
      onConnection: ({ kind }) => kind === 'open' && open.resolve(),
    })
    for await (const event of events) {
      // What was under way when it was cut off is read again by the next one.
      if (controller.signal.aborted) return
      if (event.type === 'snapshot') continue
      lastSeq = event.seq
      if (!passing.test(event.type)) seen.push(event.seq)
      delaysMs.push(Date.now() - Date.parse(event.ts))
      for (const watcher of watchers) {
        if (event.seq < watcher.seq) continue
        watchers.delete(watcher)
        watcher.resolve()
      }
    }
  }
  follow().catch(open.reject)
  return {
    open: open.promise,
    seen,
    lastSeq: () => lastSeq,
    delaysMs,
    untilSeen: (seq) =>
      new Promise((resolve) => {
        if (lastSeq >= seq) resolve()
        else watchers.add({ seq, resolve })
      }),
    close: () => controller.abort(),
  }
}

/** How many events a reader has missed or got twice, of all that the conversation has had since. */
export function countFaults({ seen }: Pick<Reader, 'seen'>, expected: readonly number[]): number {
  const got = new Set(seen)
  return expected.filter((seq) => !got.has(seq)).length + (seen.length - got.size)
}
