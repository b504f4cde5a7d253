import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import { untilAborted } from './gates.ts'
import type { Gates } from './gates.ts'
import type { ReplyFrame } from './reply-frames.ts'

/** How the sending of a reply ended: to its end, or because the connection was closed. */
export type PlayedEnd = 'completed' | 'closed'

export type Playing = {
  gates: Gates
  /** Called exactly once. */
  onEnd(end: PlayedEnd): void
  breakConnection(): void
}

const encoder = new TextEncoder()

/**
 * Sends frames as a body, one by one, as fast as the client reads. A client that goes away ends every pause
 * and every wait at once.
 */
export function playFrames(frames: ReplyFrame[], playing: Playing): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  const bytes = writeFrames(frames, playing, gone.signal)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await bytes.next()
          if (!done) return controller.enqueue(value)
          playing.onEnd('completed')
          controller.close()
        } catch (error) {
          if (!gone.signal.aborted) throw error
        }
      },
      cancel() {
        gone.abort()
        playing.onEnd('closed')
      },
    },
    { highWaterMark: 0 },
  )
}

async function* writeFrames(
  frames: ReplyFrame[],
  playing: Playing,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const frame of frames) {
    if (frame.type === 'bytes') yield encoder.encode(frame.text)
    else if (frame.type === 'pause') await setTimeout(frame.ms, undefined, { signal: gone })
    else if (frame.type === 'gate') await playing.gates.pass(frame.name, gone)
    else if (frame.fault === 'garbage') for (;;) yield new Uint8Array(randomBytes(16 * 1024))
    else {
      if (frame.fault === 'cut') playing.breakConnection()
      await untilAborted(gone)
    }
  }
}
