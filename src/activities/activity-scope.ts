import { Context } from '@temporalio/activity'

import { AppError } from '../contracts/errors.ts'
import type { TurnId } from '../contracts/ids.ts'
import type { StopRegistry } from './stop-registry.ts'

/**
 * Why an activity must end early: a person stopped the turn, its time is up, the worker shuts down, or
 * Temporal has given the task to somebody else.
 */
export type Interruption = 'stopped' | 'timeout' | 'shutdown' | 'lost'

/** One try of an activity, while it runs. */
export type ActivityScope = {
  /** Aborts with an `Interrupted` error. */
  signal: AbortSignal
  /** From 1. */
  attempt: number
  interruption(): Interruption | undefined
  /** Shown in the Temporal UI, with the next heartbeat. */
  note(phase: string, lastEvent?: string): void
}

/** The reason that a scope's signal carries. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly interruption: Interruption
  constructor(interruption: Interruption) {
    super(`The activity was interrupted: ${interruption}.`)
    this.interruption = interruption
  }
}

const heartbeatPeriodMs = 1_000

/**
 * Runs an activity's body with a heartbeat on a timer for its whole life, and a signal that joins Stop,
 * timeout, cancellation and shutdown. The first beat comes after a second: most activities are over by then.
 */
export async function withActivityScope<Result>(
  { turnId, timeoutMs, stops }: { turnId: TurnId; timeoutMs: number; stops: StopRegistry },
  body: (scope: ActivityScope) => Promise<Result>,
): Promise<Result> {
  const context = Context.current()
  const controller = new AbortController()
  const details = { phase: 'begin', attempt: context.info.attempt, lastEvent: '' }
  let interruption: Interruption | undefined

  function interrupt(why: Interruption): void {
    interruption ??= why
    controller.abort(new Interrupted(interruption))
  }
  function onCancellation(): void {
    interrupt(toInterruption(context))
  }

  const heartbeat = setInterval(() => context.heartbeat(details), heartbeatPeriodMs)
  const timeout = setTimeout(() => interrupt('timeout'), timeoutMs)
  const removeStop = stops.onStop(turnId, () => interrupt('stopped'))
  context.cancellationSignal.addEventListener('abort', onCancellation, { once: true })
  if (context.cancellationSignal.aborted) onCancellation()
  try {
    return await body({
      signal: controller.signal,
      attempt: context.info.attempt,
      interruption: () => interruption,
      note(phase, lastEvent) {
        details.phase = phase
        if (lastEvent !== undefined) details.lastEvent = lastEvent
      },
    })
  } finally {
    clearInterval(heartbeat)
    clearTimeout(timeout)
    removeStop()
    context.cancellationSignal.removeEventListener('abort', onCancellation)
  }
}

function toInterruption({ cancellationDetails }: Context): Interruption {
  if (cancellationDetails?.workerShutdown) return 'shutdown'
  if (cancellationDetails?.cancelRequested) return 'stopped'
  return 'lost'
}

/** Ends with the work or with the signal, whichever is first; late work is ignored. */
export async function untilInterrupted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) onAbort()
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => {
      // Fenced off: nobody waits for it any more.
    })
  }
}

/** The error that hands a task over to another worker. */
export function handedOver(interruption: Interruption): AppError {
  return new AppError('shutting_down', `The activity ends on this worker: ${interruption}.`, {
    retryAfterMs: 1,
  })
}
