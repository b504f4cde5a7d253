import { AppError } from '../contracts/errors.ts'
import type { OwnerId } from '../contracts/ids.ts'
import type { Logger } from '../ops/logger.ts'
import { FrameQueue } from './frame-queue.ts'
import { stopping } from './request-middleware.ts'
import { keepAliveFrame, openingFrame, toBody, toFarewellFrame } from './sse.ts'

export type StreamLimits = { perOwner: number; frames: number; sizeBytes: number }

/** One client's stream. */
export type OpenStream = {
  /** Queues a frame; a client that does not read is cut off, which its cursor makes safe. */
  send(frame: Uint8Array): void
  /** The next frame would cut the client off. */
  readonly isFull: boolean
  /** Resolves when the client has taken what was queued, or is gone. */
  drained(): Promise<void>
  readonly isOpen: boolean
  /** Ends the stream; the client comes back by its cursor. */
  close(): void
}

export type StreamRequest = {
  owner: OwnerId
  /** Aborts when the client is gone. */
  signal: AbortSignal
  /** Breaks the connection of a client that does not read: an ending would wait for it for ever. */
  destroy(): void
  /** For the log. */
  fields: Record<string, unknown>
}

type Running = { end(lastFrame: Uint8Array): void; destroy(): void }

const keepAlivePeriodMs = 15_000
/** What a client has to take the rest of its stream when the process stops. */
const lastReadMs = 1_000

/** Every open stream of this process, counted for each owner. */
export class OpenStreams {
  readonly #limits: StreamLimits
  readonly #logger: Logger
  readonly #counts = new Map<OwnerId, number>()
  /** Each ends a stream, after a last frame. */
  readonly #running = new Set<Running>()
  #stopping = false

  constructor(limits: StreamLimits, logger: Logger) {
    this.#limits = limits
    this.#logger = logger
  }

  /**
   * Opens a stream; `start` feeds it and returns what ends the feeding.
   * @throws AppError `too_many_streams`, `shutting_down`
   */
  open(
    { owner, signal, destroy, fields }: StreamRequest,
    start: (stream: OpenStream) => () => void,
  ): ReadableStream<Uint8Array> {
    // The request came before the stop did, and looked for its conversation meanwhile.
    if (this.#stopping) throw stopping()
    const count = this.#counts.get(owner) ?? 0
    if (count >= this.#limits.perOwner) {
      throw new AppError(
        'too_many_streams',
        `${count} streams are open. Close one, or share one among your tabs.`,
        {
          retryAfterMs: 5_000,
        },
      )
    }
    this.#counts.set(owner, count + 1)
    const queue = new FrameQueue(this.#limits)
    let isOpen = true
    let stop: () => void = () => undefined
    let onDrained: (() => void) | undefined

    const end = (lastFrame?: Uint8Array) => {
      if (!isOpen) return
      isOpen = false
      clearInterval(keepAlive)
      signal.removeEventListener('abort', close)
      this.#running.delete(running)
      this.#counts.set(owner, (this.#counts.get(owner) ?? 1) - 1)
      if (this.#counts.get(owner) === 0) this.#counts.delete(owner)
      stop()
      if (lastFrame !== undefined) queue.add(lastFrame)
      queue.end()
      onDrained?.()
    }
    const close = () => end()
    const keepAlive = setInterval(() => {
      if (queue.isEmpty) queue.add(keepAliveFrame)
    }, keepAlivePeriodMs)
    signal.addEventListener('abort', close, { once: true })
    const running = { end, destroy }
    this.#running.add(running)
    queue.add(openingFrame)
    stop = start({
      send: (frame) => {
        if (!isOpen || queue.add(frame)) return
        this.#logger.warn(fields, 'a stream was cut off: its client does not read')
        close()
        destroy()
      },
      close,
      drained: () =>
        !isOpen || queue.isEmpty
          ? Promise.resolve()
          : new Promise((resolve) => {
              onDrained = resolve
            }),
      get isFull() {
        return queue.isFull
      },
      get isOpen() {
        return isOpen
      },
    })
    return toBody(queue, close, () => {
      onDrained?.()
      onDrained = undefined
    })
  }

  get count(): number {
    return this.#running.size
  }

  /**
   * Ends every stream and tells its client to come back, by its cursor, to whichever process is there then. Opens
   * no more.
   */
  closeAll(): void {
    this.#stopping = true
    const streams = [...this.#running]
    for (const { end } of streams) end(toFarewellFrame())
    setTimeout(() => {
      for (const { destroy } of streams) destroy()
    }, lastReadMs).unref()
  }
}
