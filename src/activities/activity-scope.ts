import { Context } from '@temporalio/activity'

import { AppError } from '../contracts/errors.ts'
import type { TurnId } from '../contracts/ids.ts'
import type { StopRegistry } from './stop-registry.ts'
import { TimeLimit } from './time-limit.ts'

/**
 * Why an activity must end early: a person stopped the turn, its time is up, the worker shuts down, or
 * Temporal has given the task to somebody else. `late`: it is not done in the moment that it had, and is left to an
 * activity of its own.
 */
export type Interruption = 'stopped' | 'timeout' | 'shutdown' | 'lost' | 'late'

/** One try of an activity, while it runs. */
export type ActivityScope = {
  /** Aborts with an `Interrupted` error. */
  signal: AbortSignal
  /**
   * For storing what is done, which no interruption undoes. Aborts with an `Interrupted` error only when the
   * worker is about to be ended by force.
   */
  storing: AbortSignal
  /** From 1. */
  attempt: number
  /**
   * Tries before this one that failed by themselves, in the part that runs; outages, shutdowns and dead workers do not
   * count.
   */
  readonly failedTries: number
  interruption(): Interruption | undefined
  /** Begins a part of the activity whose failed tries are counted by themselves. */
  beginPart(part: string): void
  /** Interrupts with `timeout` after this long from now; replaces an earlier limit. */
  limitTime(timeoutMs: number): void
  /** Time does not run until the returned function is called, as while something outside keeps it waiting. */
  pauseTimeLimit(): () => void
  /** What was limited is done; its time does not run while its result is stored. */
  endTimeLimit(): void
  /** Tells the next try that this one failed by itself. */
  countFailedTry(): void
  /** The next try begins to count anew, because it tries something else. */
  forgetFailedTries(): void
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
/** From when a worker says that it shuts down; it is ended by force after three (`shutdownForceTime`). */
const storingGraceMs = 2_000

/**
 * Runs an activity's body with a heartbeat on a timer for its whole life, and a signal that joins Stop,
 * timeout, cancellation and shutdown. The first beat comes after a second: most activities are over by then.
 */
export async function withActivityScope<Result>(
  { turnId, timeoutMs, stops }: { turnId: TurnId; timeoutMs?: number; stops: StopRegistry },
  body: (scope: ActivityScope) => Promise<Result>,
): Promise<Result> {
  const context = Context.current()
  const controller = new AbortController()
  const last = readDetails(context.info.heartbeatDetails)
  const details = { phase: 'begin', attempt: context.info.attempt, lastEvent: '', ...last }
  const storing = new AbortController()
  const timeLimit = new TimeLimit(() => interrupt('timeout'))
  let storingEnd: NodeJS.Timeout | undefined
  let interruption: Interruption | undefined
  const countFailedBefore = () => (details.part === last.part ? last.failedTries : 0)

  function interrupt(why: Interruption): void {
    interruption ??= why
    controller.abort(new Interrupted(interruption))
  }
  function tellFailedTries(count: number): void {
    details.failedTries = count
    // The details of the last beat are all that the next try gets from this one.
    context.heartbeat(details)
  }
  function onCancellation(): void {
    const why = toInterruption(context)
    if (why === 'shutdown') {
      storingEnd = setTimeout(() => storing.abort(new Interrupted('shutdown')), storingGraceMs)
    }
    interrupt(why)
  }

  const heartbeat = setInterval(() => context.heartbeat(details), heartbeatPeriodMs)
  if (timeoutMs !== undefined) timeLimit.set(timeoutMs)
  const removeStop = stops.onStop(turnId, () => interrupt('stopped'))
  context.cancellationSignal.addEventListener('abort', onCancellation, { once: true })
  if (context.cancellationSignal.aborted) onCancellation()
  try {
    return await body({
      signal: controller.signal,
      storing: storing.signal,
      attempt: context.info.attempt,
      get failedTries() {
        return countFailedBefore()
      },
      interruption: () => interruption,
      beginPart(part) {
        details.part = part
        details.failedTries = countFailedBefore()
      },
      limitTime: (limitMs) => timeLimit.set(limitMs),
      pauseTimeLimit: () => timeLimit.pause(),
      endTimeLimit: () => timeLimit.end(),
      countFailedTry: () => tellFailedTries(countFailedBefore() + 1),
      forgetFailedTries: () => tellFailedTries(0),
      note(phase, lastEvent) {
        details.phase = phase
        if (lastEvent !== undefined) details.lastEvent = lastEvent
      },
    })
  } finally {
    clearInterval(heartbeat)
    timeLimit.end()
    clearTimeout(storingEnd)
    removeStop()
    context.cancellationSignal.removeEventListener('abort', onCancellation)
  }
}

/** A part of an activity that is `late`, where the whole would be out of time, and at first after this long from now. */
export function withDeadline(scope: ActivityScope, deadlineMs: number): ActivityScope {
  const late = new AbortController()
  const deadline = new TimeLimit(() => late.abort(new Interrupted('late')))
  deadline.set(deadlineMs)
  return {
    ...scope,
    signal: AbortSignal.any([scope.signal, late.signal]),
    interruption: () => scope.interruption() ?? (late.signal.aborted ? 'late' : undefined),
    limitTime: (limitMs) => deadline.set(limitMs),
    endTimeLimit: () => deadline.end(),
  }
}

/** What the try before has told of itself. */
function readDetails(details: unknown): { part: string; failedTries: number } {
  const told: { part?: unknown; failedTries?: unknown } =
    typeof details === 'object' && details !== null ? details : {}
  const { part, failedTries } = told
  return {
    part: typeof part === 'string' ? part : '',
    failedTries: typeof failedTries === 'number' ? failedTries : 0,
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

/**
 * Ends with the work, and its time limit ends with it, or with the interruption, as an `Interrupted` error. Once it
 * has ended with the work, the effect has happened: what follows is to be stored, whatever the signal says.
 */
export async function untilDone<Result>(
  work: Promise<Result>,
  { signal, endTimeLimit }: Pick<ActivityScope, 'signal' | 'endTimeLimit'>,
): Promise<Result> {
  try {
    const result = await untilInterrupted(work, signal)
    endTimeLimit()
    return result
  } catch (error) {
    // What fails because it was interrupted may say so in words of its own.
    signal.throwIfAborted()
    throw error
  }
}

/** The error that hands a task over to another worker. */
export function handedOver(interruption: Interruption): AppError {
  return new AppError('shutting_down', `The activity ends on this worker: ${interruption}.`, {
    retryAfterMs: 1,
  })
}
