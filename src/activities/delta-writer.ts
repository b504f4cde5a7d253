import type { EventBody } from '../contracts/event.ts'
import type { MessageId } from '../contracts/ids.ts'
import { wholeBeginning } from '../contracts/whole-characters.ts'
import { storableText } from '../store/storable-text.ts'

type Kind = 'text' | 'reasoning'

export type DeltaWriterOptions = {
  messageId: MessageId
  attempt: number
  /** Appends in order; called again only when the last call has resolved. */
  append(bodies: readonly EventBody[]): Promise<void>
}

const flushPauseMs = 50
const flushSizeChars = 256
const bufferLimitChars = 16_384

/**
 * Coalesces a model's deltas: the first goes out at once, then each 50 ms or 256 characters, one append at a
 * time. A full buffer makes `write` wait, which pauses the reading of the model.
 */
export class DeltaWriter {
  readonly #options: DeltaWriterOptions
  readonly #whole: Record<Kind, string> = { text: '', reasoning: '' }
  readonly #sentChars: Record<Kind, number> = { text: 0, reasoning: 0 }
  #started = false
  #settled = false
  #flushing: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #lastFlushMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(options: DeltaWriterOptions) {
    this.#options = options
  }

  /** Everything written so far, as it will be stored. */
  whole(kind: Kind): string {
    return storableText(this.#whole[kind])
  }

  async write(kind: Kind, delta: string): Promise<void> {
    this.#whole[kind] += delta
    this.#schedule()
    while (this.#pendingChars() > bufferLimitChars && this.#flushing !== undefined) await this.#flushing
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Waits for the append that is under way and drops the rest: the completed event carries the whole text. */
  async settle(): Promise<void> {
    this.#settled = true
    clearTimeout(this.#timer)
    await this.#flushing
  }

  #pendingChars(): number {
    const { text, reasoning } = this.#whole
    return text.length + reasoning.length - this.#sentChars.text - this.#sentChars.reasoning
  }

  #schedule(): void {
    if (this.#settled || this.#failure !== undefined) return
    if (this.#flushing !== undefined || this.#pendingChars() === 0) return
    const dueInMs = this.#lastFlushMs + flushPauseMs - performance.now()
    if (dueInMs <= 0 || this.#pendingChars() >= flushSizeChars) {
      this.#flush()
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#flush()
      }, dueInMs)
    }
  }

  #flush(): void {
    if (this.#flushing !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const bodies = this.#takeBodies()
    if (bodies.length === 0) return
    this.#lastFlushMs = performance.now()
    this.#flushing = this.#options
      .append(bodies)
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .finally(() => {
        this.#flushing = undefined
        this.#schedule()
      })
  }

  #takeBodies(): EventBody[] {
    const { messageId, attempt } = this.#options
    const bodies: EventBody[] = []
    for (const kind of ['reasoning', 'text'] as const) {
      const delta = this.#takeDelta(kind)
      if (delta === undefined) continue
      if (kind === 'text' && !this.#started) {
        this.#started = true
        bodies.push({ type: 'text.started', messageId, attempt })
      }
      bodies.push({ type: `${kind}.delta`, messageId, attempt, ...delta })
    }
    return bodies
  }

  #takeDelta(kind: Kind): { delta: string; offset: number } | undefined {
    const offset = this.#sentChars[kind]
    const whole = this.#whole[kind]
    // Half of a character waits for its other half.
    const cut = wholeBeginning(whole, whole.length).length
    if (cut === offset) return undefined
    this.#sentChars[kind] = cut
    return { delta: storableText(whole.slice(offset, cut)), offset }
  }
}
