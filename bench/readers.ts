import type { Client } from '../src/client/create-client.ts'

/** A client that follows a conversation and counts. */
export type Reader = {
  /** Resolves when the stream is open. */
  open: Promise<void>
  /** The numbers of the events, in the order in which they came. */
  seen: number[]
  /** From when each event was written until it was here, in milliseconds. */
  delaysMs: number[]
  /** Resolves when the event with this number has come. */
  untilSeen(seq: number): Promise<void>
  close(): void
}

/** Follows from behind the event `after`. */
export function openReader(client: Client, conversationId: string, after: number): Reader {
  const controller = new AbortController()
  const open = Promise.withResolvers<void>()
  const seen: number[] = []
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
      seen.push(event.seq)
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
    delaysMs,
    untilSeen: (seq) =>
      new Promise((resolve) => {
        if ((seen.at(-1) ?? 0) >= seq) resolve()
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
