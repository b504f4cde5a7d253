import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import { untilAborted } from './gates.ts'
import type { Gates } from './gates.ts'
import type { ReplyFrame } from './reply-frames.ts'

/** How the sending of a reply ended: to its end, or because the client went away. */
export type PlayedEnd = 'completed' | 'closed'

const encoder = new TextEncoder()

/**
 * Sends frames as a body, one by one, as fast as the client reads. A client that goes away ends every pause
 * and every wait at once; `onEnd` is called exactly once.
 */
export function playFrames(
  frames: ReplyFrame[],
  gates: Gates,
  onEnd: (end: PlayedEnd) => void,
): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  const bytes = writeFrames(frames, gates, gone.signal)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await bytes.next()
          if (!done) return controller.enqueue(value)
          onEnd('completed')
          controller.close()
        } catch (error) {
          if (gone.signal.aborted) return
          // An error in the body makes the server break the connection: this is the scripted cut.
          onEnd('completed')
          throw error
        }
      },
      cancel() {
        gone.abort()
        onEnd('closed')
      },
    },
    { highWaterMark: 0 },
  )
}

async function* writeFrames(
  frames: ReplyFrame[],
  gates: Gates,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const frame of frames) {
    if (frame.type === 'bytes') yield encoder.encode(frame.text)
    else if (frame.type === 'pause') await setTimeout(frame.ms, undefined, { signal: gone })
    else if (frame.type === 'gate') await gates.pass(frame.name, gone)
    else if (frame.fault === 'cut') throw new Error('This reply is cut on purpose.')
    else if (frame.fault === 'silence') await untilAborted(gone)
    else for (;;) yield new Uint8Array(randomBytes(16 * 1024))
  }
}
