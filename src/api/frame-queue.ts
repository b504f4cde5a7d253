/** Bytes of server-sent events on their way to one client, bounded. */
export class FrameQueue {
  readonly #limits: { frames: number; sizeBytes: number }
  #frames: Uint8Array[] = []
  #sizeBytes = 0
  #waiting: (() => void) | undefined
  #ended = false

  constructor(limits: { frames: number; sizeBytes: number }) {
    this.#limits = limits
  }

  /** False when the client does not read and the queue is full. The last frame may be larger than the limit. */
  add(frame: Uint8Array): boolean {
    if (this.isFull) return false
    this.#frames.push(frame)
    this.#sizeBytes += frame.byteLength
    this.#wake()
    return true
  }

  get isFull(): boolean {
    return this.#frames.length >= this.#limits.frames || this.#sizeBytes >= this.#limits.sizeBytes
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** Takes everything there is, waiting for the first; undefined at the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#frames.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    const chunk = this.#frames.length === 1 ? this.#frames[0] : Buffer.concat(this.#frames)
    this.#frames = []
    this.#sizeBytes = 0
    return chunk
  }

  #wake(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }
}
