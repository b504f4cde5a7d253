import { createParser } from 'eventsource-parser'
import type { StreamEvent } from '../contracts/event.ts'

/** A frame larger than this is no event of ours; a snapshot of a long conversation has many MB. */
const frameSizeLimit = 256 * 1024 * 1024

export type EventStreamHooks = {
  /** Called for everything that arrives, keep-alive comments included. */
  onBytes: () => void
  /** The server's `retry:` field, in milliseconds. */
  onRetry: (retryMs: number) => void
}

/**
 * Yields the events of one SSE answer until it ends.
 * @throws whatever the connection fails with
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  hooks: EventStreamHooks,
): AsyncGenerator<StreamEvent> {
  const arrived: StreamEvent[] = []
  const parser = createParser({
    maxBufferSize: frameSizeLimit,
    onRetry: hooks.onRetry,
    onEvent: ({ data }) => {
      const event = parseStreamEvent(data)
      if (event) arrived.push(event)
    },
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      hooks.onBytes()
      parser.feed(decoder.decode(value, { stream: true }))
      yield* arrived.splice(0)
    }
  } finally {
    // The reader may be in the middle of a read that never ends; nobody waits for the goodbye.
    reader.cancel().catch(() => {})
  }
}

/** A newer server may send types that this client does not know; those pass, anything else is no event. */
function parseStreamEvent(data: string): StreamEvent | undefined {
  const value: unknown = JSON.parse(data)
  if (typeof value !== 'object' || value === null) return undefined
  const known =
    'seq' in value && typeof value.seq === 'number' && 'type' in value && typeof value.type === 'string'
  return known ? (value as StreamEvent) : undefined
}
