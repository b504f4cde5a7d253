import { AppError } from '../contracts/errors.ts'
import { type ActivityScope, handedOver } from './activity-scope.ts'
import { toRetry } from './attempt.ts'
import type { WeightedGate } from './weighted-gate.ts'

/** The activity's own time runs while it waits, so it gives up early and comes again, perhaps to another worker. */
const patienceMs = 5_000
const pauseMs = 200

/** Runs a try in one of the worker's tool slots. The wait for one costs no try. */
export async function withToolSlot<Result>(
  scope: ActivityScope,
  slots: WeightedGate,
  body: () => Promise<Result>,
): Promise<Result> {
  const leave = slots.tryEnter(1) ?? (await waitForSlot(scope, slots))
  try {
    return await body()
  } finally {
    leave()
  }
}

async function waitForSlot(scope: ActivityScope, slots: WeightedGate): Promise<() => void> {
  scope.note('waiting for a tool slot')
  try {
    const leave = await slots.enter(1, AbortSignal.any([scope.signal, AbortSignal.timeout(patienceMs)]))
    scope.note('begin')
    return leave
  } catch {
    const interruption = scope.interruption()
    // A stopped call has only to be ended, which needs no slot.
    if (interruption === 'stopped') return () => {}
    if (interruption !== undefined) throw handedOver(interruption)
    const busy = new AppError('no_worker', 'Every tool slot of this worker is taken.', {
      retryAfterMs: pauseMs,
    })
    throw toRetry(busy, 1)
  }
}
