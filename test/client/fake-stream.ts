import type { FakeConversation } from './fake-conversation.ts'

/** Streams a conversation as SSE from a cursor on; without one it begins with a snapshot. */
export function streamOf(
  talk: FakeConversation,
  after: number | undefined,
  fault: { cutAfter: number | undefined; silent: boolean },
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let cursor = after
  let left = fault.cutAfter ?? Infinity
  return new ReadableStream({
    async pull(controller) {
      if (fault.silent) return new Promise(() => {})
      if (left <= 0) {
        // In the middle of a frame, as a dying process does it.
        controller.enqueue(encoder.encode('id: 999\ndata: {"v":1,"seq":99'))
        return controller.close()
      }
      if (cursor === undefined) {
        const snapshot = talk.snapshot()
        cursor = snapshot.lastSeq
        const frame = {
          v: 1,
          seq: cursor,
          conversationId: talk.conversation.id,
          ts: '',
          type: 'snapshot',
          ...snapshot,
        }
        left -= 1
        return controller.enqueue(encoder.encode(`:hi\nid: ${cursor}\ndata: ${JSON.stringify(frame)}\n\n`))
      }
      const from = cursor
      const next = () => talk.events.find(({ seq }) => seq > from)
      while (!next() && !signal.aborted) await talk.appended(signal)
      const event = next()
      if (!event) return controller.close()
      cursor = event.seq
      left -= 1
      controller.enqueue(
        encoder.encode(`: keep-alive\n\nid: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`),
      )
    },
  })
}
