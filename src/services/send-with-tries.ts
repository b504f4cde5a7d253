import { setTimeout as sleep } from 'node:timers/promises'

import { AppError } from '../contracts/errors.ts'
import type { ExternalService } from './external-service.ts'
import type { ServiceCaller } from './service-caller.ts'
import { isServiceFailure, judgeFailure } from './service-verdict.ts'

export type Sending<Answer> = {
  service: ExternalService
  caller: ServiceCaller
  signal: AbortSignal
  send(): Promise<Answer>
  /** False: it may not be sent twice, unless the service has said that it takes none. Default true. */
  isRepeatable?: boolean
  /** What a failure means. The caller gets the failure itself, unless it may pass and has been tried often enough. */
  toError(failure: unknown): AppError
}

const repeatableTries = 3
const firstPauseMs = 200

/**
 * Sends a request: one that may be repeated in three tries with growing pauses. A refusal for want of a pause costs no try: the
 * request waits, as long as the caller has patience.
 */
export async function sendWithTries<Answer>(sending: Sending<Answer>): Promise<Answer> {
  const { service, caller, signal, send, toError, isRepeatable = true } = sending
  const tryLimit = isRepeatable ? repeatableTries : 1
  const untilMs = performance.now() + caller.patience.busyMs
  for (let [tries, isRetry] = [1, false]; ; isRetry = true) {
    const patience = { ...caller.patience, busyMs: Math.max(0, untilMs - performance.now()) }
    const admission = await service.admit({ ...caller, patience, isRetry }, signal)
    try {
      const answer = await send()
      admission.answered()
      return answer
    } catch (failure) {
      const error = toError(failure)
      await admission.failed(error)
      if (signal.aborted || !isServiceFailure(error)) throw failure
      if (judgeFailure(error) === 'limited') continue
      if (tries >= tryLimit) throw triedOut(error, tries)
      admission.leave()
      await pauseBefore(tries++, caller, signal)
    } finally {
      admission.leave()
    }
  }
}

function triedOut({ code, message, details }: AppError, tries: number): AppError {
  return new AppError(code, message, { details: { ...details, tries } })
}

async function pauseBefore(tries: number, caller: ServiceCaller, signal: AbortSignal): Promise<void> {
  const resume = caller.onWait?.()
  try {
    // Those that failed together do not come back together.
    await sleep(firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2), undefined, { signal })
  } catch {
    signal.throwIfAborted()
  } finally {
    resume?.()
  }
}
