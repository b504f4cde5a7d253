import { Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'

import { type Asked, isOfBackground } from './asked.ts'
import type { Ending } from './fake-activities.ts'

export type LiveActivity<Kind = Asked> = {
  asked: Kind
  isCancelRequested: boolean
  end(ending: Ending | { error: 'lost' }): void
}

/** Activities of one conversation in the real engine, each until it is told how it ends. */
export class LiveActivities {
  readonly #running = new Set<LiveActivity>()
  readonly #onBegun: (activity: LiveActivity) => void

  constructor(onBegun: (activity: LiveActivity) => void) {
    this.#onBegun = onBegun
  }

  async run<Result>(asked: Asked): Promise<Result> {
    const context = Context.current()
    const { promise, resolve } = Promise.withResolvers<Ending | { error: 'lost' }>()
    const activity: LiveActivity = {
      asked,
      isCancelRequested: false,
      end: (ending) => {
        this.#running.delete(activity)
        resolve(ending)
      },
    }
    this.#running.add(activity)
    context.cancellationSignal.addEventListener('abort', () => {
      activity.isCancelRequested = true
    })
    this.#onBegun(activity)
    const heartbeat = setInterval(() => context.heartbeat(), 50)
    const ending = await promise.finally(() => clearInterval(heartbeat))
    if ('value' in ending) return ending.value as Result
    if (ending.error === 'cancelled') throw new CancelledFailure('cancelled')
    if (ending.error === 'lost') throw ApplicationFailure.create({ type: 'lost', nextRetryDelay: 1 })
    throw ApplicationFailure.nonRetryable(ending.error, ending.error)
  }

  all(): LiveActivity[] {
    return [...this.#running]
  }

  /** Those of the conversation itself, and not of its background calls. */
  countOwn(): number {
    return this.all().filter(({ asked }) => !isOfBackground(asked)).length
  }

  list<Kind extends Asked>(isWanted: (asked: Asked) => asked is Kind): LiveActivity<Kind>[] {
    return this.all().flatMap((activity) => {
      const { asked, end } = activity
      return isWanted(asked) ? [{ asked, isCancelRequested: activity.isCancelRequested, end }] : []
    })
  }
}
