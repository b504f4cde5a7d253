import type { StreamEvent } from '../contracts/event.ts'
import type { FrameQueue } from './frame-queue.ts'

const encoder = new TextEncoder()

export const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

/** A comment that keeps proxies from closing a silent connection. */
export const keepAliveFrame = encoder.encode(': keep-alive\n\n')
/** Sent first, so that the headers arrive at once; a client that is cut comes back after a second. */
export const openingFrame = encoder.encode('retry: 1000\n\n')

/**
 * Sent last by a process that is being stopped: another one is likely there already, so clients come back soon,
 * and not all in the same moment.
 */
export function toFarewellFrame(): Uint8Array {
  return encoder.encode(`retry: ${Math.round(100 + 900 * Math.random())}\n\n`)
}

/** One event as a frame; JSON never holds a line break. */
export function toFrame(event: StreamEvent): Uint8Array {
  return encoder.encode(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`)
}

/** The same without an id, for streams that have no cursor. */
export function toFrameWithoutId(event: StreamEvent): Uint8Array {
  return encoder.encode(`data: ${JSON.stringify(event)}\n\n`)
}

/** A body that hands out what is queued whenever the client takes more. */
export function toBody(
  queue: FrameQueue,
  onClose: () => void,
  onTaken: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await queue.take()
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk)
        onTaken()
      },
      cancel: onClose,
    },
    { highWaterMark: 0 },
  )
}
