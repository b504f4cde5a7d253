import { createParser } from 'eventsource-parser'

/** Passes a stream of server-sent events on as it is, and shows each event to `check`. */
export function toEventChecker(check: (event: unknown) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const parser = createParser({ maxBufferSize: Infinity, onEvent: ({ data }) => check(JSON.parse(data)) })
  return new TransformStream({
    transform(chunk, controller) {
      parser.feed(decoder.decode(chunk, { stream: true }))
      controller.enqueue(chunk)
    },
  })
}
