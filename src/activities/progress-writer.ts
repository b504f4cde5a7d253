import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { EventBody } from '../contracts/event.ts'
import type { EventLog } from '../store/event-log.ts'
import { storableText } from '../store/storable-text.ts'

export type ProgressWriterOptions = {
  ref: ToolCallRef
  step: { index: number; name: string; count: number } | null
  log: EventLog
}

const pauseMs = 100
const messageLimitChars = 200

/** Writes a tool's progress to the log: the first at once, then the latest each 100 ms. It may be dropped. */
export class ProgressWriter {
  readonly #options: ProgressWriterOptions
  #next: EventBody | undefined
  #busy = false

  constructor(options: ProgressWriterOptions) {
    this.#options = options
  }

  write(fraction: number | undefined, message: string): void {
    const { ref, step } = this.#options
    this.#next = {
      type: 'tool.progress',
      callId: ref.callId,
      ...(step === null ? {} : { step: step.name, stepIndex: step.index, stepCount: step.count }),
      ...(fraction === undefined ? {} : { fraction: Math.min(Math.max(fraction, 0), 1) }),
      message: storableText(message.slice(0, messageLimitChars)),
    }
    if (!this.#busy) this.#flush()
  }

  #flush(): void {
    const body = this.#next
    if (body === undefined) return
    const { ref, log } = this.#options
    this.#next = undefined
    this.#busy = true
    const rested = new Promise((resolve) => setTimeout(resolve, pauseMs))
    log
      .append(ref.conversationId, [{ key: null, turnId: ref.turnId, body }], {
        onlyInTurn: ref.turnId,
        async: true,
      })
      .catch(() => {
        // Progress may be dropped.
      })
      .then(() => rested)
      .then(
        () => {
          this.#busy = false
          this.#flush()
        },
        () => undefined,
      )
  }
}
