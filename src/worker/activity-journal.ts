import type { ActivityInterceptorsFactory } from '@temporalio/worker'

import type { WorkerRegistry } from '../store/worker-registry.ts'

type Started = { taskToken: Uint8Array; workflowId: string }

const flushPauseMs = 20
const retryPauseMs = 1_000

/**
 * Keeps the tasks that this worker runs in the registry, so that another one can fail them at once when it
 * dies. Written in batches: an activity that ends within a pause costs nothing.
 */
export class ActivityJournal {
  readonly #registry: WorkerRegistry
  readonly #onError: (error: unknown) => void
  readonly #started = new Map<string, Started>()
  readonly #ended = new Map<string, Uint8Array>()
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #closed = false

  constructor(registry: WorkerRegistry, onError: (error: unknown) => void) {
    this.#registry = registry
    this.#onError = onError
  }

  /** For `WorkerOptions.interceptors.activity`. */
  interceptor: ActivityInterceptorsFactory = (context) => ({
    inbound: {
      execute: async (input, next) => {
        const { taskToken, workflowExecution } = context.info
        const key = this.#begin({ taskToken, workflowId: workflowExecution?.workflowId ?? '' })
        try {
          return await next(input)
        } finally {
          this.#end(key, taskToken)
        }
      },
    },
  })

  /** Writes what is left: others would take what has ended meanwhile for lost. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#flushing
    await this.#flush()
  }

  #begin(started: Started): string {
    const key = Buffer.from(started.taskToken).toString('base64')
    this.#started.set(key, started)
    this.#schedule()
    return key
  }

  #end(key: string, taskToken: Uint8Array): void {
    if (this.#started.delete(key)) return
    this.#ended.set(key, taskToken)
    this.#schedule()
  }

  #schedule(pauseMs = flushPauseMs): void {
    if (this.#timer !== undefined || this.#flushing !== undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#flushing = this.#flush().then((nextPauseMs) => {
        this.#flushing = undefined
        if (this.#started.size > 0 || this.#ended.size > 0) this.#schedule(nextPauseMs)
      })
    }, pauseMs)
  }

  /** Returns the pause before the next one. */
  async #flush(): Promise<number> {
    const started = [...this.#started.entries()]
    const ended = [...this.#ended.entries()]
    this.#started.clear()
    this.#ended.clear()
    if (started.length === 0 && ended.length === 0) return flushPauseMs
    try {
      await this.#registry.record(
        started.map(([, value]) => value),
        ended.map(([, token]) => token),
      )
      return flushPauseMs
    } catch (error) {
      // Without its rows a death is noticed by the heartbeat timeout instead.
      this.#onError(error)
      this.#putBack(started, ended)
      return retryPauseMs
    }
  }

  /** What has ended meanwhile needs no row any more. */
  #putBack(started: readonly [string, Started][], ended: readonly [string, Uint8Array][]): void {
    for (const [key, value] of started) if (!this.#ended.delete(key)) this.#started.set(key, value)
    for (const [key, token] of ended) this.#ended.set(key, token)
  }
}
