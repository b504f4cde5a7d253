import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { ServiceCaller } from './service-caller.ts'
import type { KnownHold, ServiceHold } from './service-hold.ts'

/** One call that waits for its turn. */
export type ServiceWait = {
  /** Aborts with the caller's signal, or with an `AppError` when the caller would have to wait for too long. */
  signal: AbortSignal
  /** Waits, at most until something changes. Rejects with the signal's reason. */
  pause(ms: number): Promise<void>
  /** The limit gives nothing for so long. */
  expect(ms: number): void
  end(): void
}

/** `downCode` is what a service that is down fails with. */
export type WaitedService = { name: string; downCode: ErrorCode; hold: ServiceHold }

/** Shorter pauses are not worth a word to anybody. */
export const toldPauseMs = 1_500
const leastRetryMs = 500

/** Begins to wait. Whatever is found out of the service meanwhile, every call that waits is told at once. */
export function beginWait(
  { name, downCode, hold }: WaitedService,
  caller: ServiceCaller,
  signal: AbortSignal,
): ServiceWait {
  const { busyMs, downMs } = caller.patience
  const sinceMs = performance.now()
  const giveUp = new AbortController()
  const resume = caller.onWait?.()
  let wake = (): void => {}
  let downTimer: NodeJS.Timeout | undefined
  const busyTimer = setTimeout(() => giveUp.abort(busy(name, leastRetryMs)), busyMs)

  const patienceLeftMs = () => sinceMs + busyMs - performance.now()
  function onHold(known: KnownHold | undefined): void {
    wake()
    if (known === undefined) {
      clearTimeout(downTimer)
      downTimer = undefined
      return
    }
    const ms = Math.max(0, known.untilMs - performance.now())
    if (known.why === 'down' || ms >= toldPauseMs) caller.onHeld?.({ service: name, why: known.why, ms })
    if (known.why === 'limited') {
      if (ms > patienceLeftMs()) giveUp.abort(busy(name, ms))
      return
    }
    if (ms > downMs) giveUp.abort(down(name, downCode, ms))
    downTimer ??= setTimeout(() => giveUp.abort(down(name, downCode, hold.leftMs)), downMs)
  }

  const stopListening = hold.onChange(onHold)
  if (hold.known !== undefined) onHold(hold.known)
  const waitSignal = AbortSignal.any([signal, giveUp.signal])
  return {
    signal: waitSignal,
    async pause(ms) {
      waitSignal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms)
      const onAbort = (): void => reject(waitSignal.reason)
      waitSignal.addEventListener('abort', onAbort, { once: true })
      wake = resolve
      try {
        await promise
      } finally {
        clearTimeout(timer)
        waitSignal.removeEventListener('abort', onAbort)
      }
    },
    expect(ms) {
      if (ms > patienceLeftMs()) giveUp.abort(busy(name, ms))
    },
    end() {
      clearTimeout(busyTimer)
      clearTimeout(downTimer)
      stopListening()
      resume?.()
    },
  }
}

function busy(name: string, ms: number): AppError {
  return new AppError(
    'service_busy',
    `The service ${name} takes no more requests for now. Try again later.`,
    {
      retryAfterMs: Math.max(leastRetryMs, Math.ceil(ms)),
      details: { service: name },
    },
  )
}

function down(name: string, code: ErrorCode, ms: number): AppError {
  return new AppError(code, `The service ${name} is down. It is asked again in a while.`, {
    retryAfterMs: Math.max(leastRetryMs, Math.ceil(ms)),
    details: { service: name, circuit: 'open' },
  })
}
