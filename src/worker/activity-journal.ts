import type { ActivityInterceptorsFactory } from '@temporalio/worker'

import type { WorkerRegistry } from '../store/worker-registry.ts'

type Started = { taskToken: Uint8Array; workflowId: string }

const flushPauseMs = 20

/**
 * Keeps the tasks that this worker runs in the registry, so that another one can fail them at once when it
 * dies. Written in batches: an activity that ends within a pause costs nothing.
 */
export class ActivityJournal {
  readonly #registry: WorkerRegistry
  readonly #onError: (error: unknown) => void
  readonly #started = new Map<string, Started>()
  readonly #recorded = new Map<string, Uint8Array>()
  readonly #ended = new Map<string, Uint8Array>()
  #timer: NodeJS.Timeout | undefined
  #flushing = false

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

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
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

  #schedule(): void {
    if (this.#timer !== undefined || this.#flushing) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#flush()
    }, flushPauseMs)
  }

  async #flush(): Promise<void> {
    const started = [...this.#started.entries()]
    const ended = [...this.#ended.entries()]
    this.#started.clear()
    this.#ended.clear()
    if (started.length === 0 && ended.length === 0) return
    for (const [key, { taskToken }] of started) this.#recorded.set(key, taskToken)
    this.#flushing = true
    try {
      await this.#registry.record(
        started.map(([, value]) => value),
        ended.map(([, token]) => token),
      )
      for (const [key] of ended) this.#recorded.delete(key)
    } catch (error) {
      // Without its rows a death is noticed by the heartbeat timeout instead.
      this.#onError(error)
      for (const [key, token] of ended) this.#ended.set(key, token)
    } finally {
      this.#flushing = false
    }
    if (this.#started.size > 0 || this.#ended.size > 0) this.#schedule()
  }
}
