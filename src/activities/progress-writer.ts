import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { EventBody } from '../contracts/event.ts'
import type { EventLog } from '../store/event-log.ts'
import { storableText } from '../store/storable-text.ts'
import { eventTurnOf } from './tool-completed.ts'

export type ProgressWriterOptions = {
  ref: ToolCallRef
  step: { index: number; name: string; count: number } | null
  log: EventLog
}

const pauseMs = 100
/** Nobody watches a call of days that closely. */
const backgroundPauseMs = 1_000
const messageLimitChars = 200

/** Writes a tool's progress to the log: the first at once, then the latest each 100 ms. It may be dropped. */
export class ProgressWriter {
  readonly #options: ProgressWriterOptions
  #next: EventBody | undefined
  #appending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #settled = false

  constructor(options: ProgressWriterOptions) {
    this.#options = options
  }

  write(fraction: number | undefined, message: string): void {
    if (this.#settled) return
    const { ref, step } = this.#options
    this.#next = {
      type: 'tool.progress',
      callId: ref.callId,
      ...(step === null ? {} : { step: step.name, stepIndex: step.index, stepCount: step.count }),
      // A tool that divides by zero has no fraction to show.
      ...(fraction === undefined || Number.isNaN(fraction)
        ? {}
        : { fraction: Math.min(Math.max(fraction, 0), 1) }),
      message: storableText(message.slice(0, messageLimitChars)),
    }
    if (this.#timer === undefined && this.#appending === undefined) this.#flush()
  }

  /** Drops what is not written yet, so that no progress follows the end of its step. */
  async settle(): Promise<void> {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#next = undefined
    await this.#appending
  }

  #flush(): void {
    this.#timer = undefined
    const body = this.#next
    if (body === undefined) return
    this.#next = undefined
    const { ref, log } = this.#options
    const turnId = eventTurnOf(ref)
    const fence = turnId === null ? {} : { onlyInTurn: turnId }
    const event = { key: null, turnId, body }
    this.#appending = log.append(ref.conversationId, [event], { ...fence, async: true }).then(
      () => this.#rest(),
      // Progress may be dropped.
      () => this.#rest(),
    )
  }

  #rest(): void {
    this.#appending = undefined
    const isBackground = this.#options.ref.background === true
    if (!this.#settled)
      this.#timer = setTimeout(() => this.#flush(), isBackground ? backgroundPauseMs : pauseMs)
  }
}
