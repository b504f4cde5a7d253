import { Context } from '@temporalio/activity'

import { AppError } from '../contracts/errors.ts'
import { type ActivityScope, handedOver } from './activity-scope.ts'
import { toRetry } from './attempt.ts'
import type { WeightedGate } from '../ops/weighted-gate.ts'

/** The activity's own time runs while it waits, so it gives up early and comes again, perhaps to another worker. */
const patienceMs = 10_000
const pauseMs = 200
/** Times the attempt: each coming again is work for all parts, and a hundred calls may do it. */
const crowdedPauseMs = 5_000
const longestPauseMs = 30_000

export type WantedSlot = {
  gate: WeightedGate
  /** Whose work it is: owners take turns. */
  owner: string
  /** What the slot is of, for the Temporal UI: `tool`. */
  kind: string
}

/**
 * Runs an activity's work in one of the worker's slots. The wait for one costs no try. What was stopped or is out of
 * time has only to be ended, which needs no slot.
 */
export async function withSlot<Result>(
  scope: ActivityScope,
  wanted: WantedSlot,
  body: () => Promise<Result>,
): Promise<Result> {
  const leave = wanted.gate.tryEnter(1, wanted.owner) ?? (await waitForSlot(scope, wanted))
  try {
    return await body()
  } finally {
    leave()
  }
}

/** Whose conversation it is. Those that began with an earlier release do not say: each is an owner of its own here. */
export function ownerOfActivity(): string {
  const { priority, workflowExecution } = Context.current().info
  return priority?.fairnessKey || (workflowExecution?.workflowId ?? '')
}

async function waitForSlot(scope: ActivityScope, { gate, owner, kind }: WantedSlot): Promise<() => void> {
  // Whoever waits holds one of the worker's places for activities, which others need.
  if (gate.isCrowded(owner)) throw busy(kind, Math.min(crowdedPauseMs * scope.attempt, longestPauseMs))
  scope.note(`waiting for a ${kind} slot`)
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), patienceMs)
  try {
    const leave = await gate.enter(1, AbortSignal.any([scope.signal, patience.signal]), owner)
    scope.note('begin')
    return leave
  } catch {
    const interruption = scope.interruption()
    if (interruption === 'stopped' || interruption === 'timeout') return () => {}
    if (interruption !== undefined) throw handedOver(interruption)
    throw busy(kind, pauseMs)
  } finally {
    clearTimeout(timer)
  }
}

function busy(kind: string, retryAfterMs: number): Error {
  return toRetry(
    new AppError('no_worker', `Every ${kind} slot of this worker is taken.`, { retryAfterMs }),
    1,
  )
}
