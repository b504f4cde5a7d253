import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  type ActivityOptions,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow'

import type { Activities, FailedCallRef, ToolCallRef } from '../contracts/activity-interface.ts'
import { backgroundQueueOf } from '../contracts/temporal-names.ts'
import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'
import type { Write } from './engine.ts'

/** Longer than any model call may take by configuration; the activity itself keeps the configured time. */
const modelCallTimeoutMs = 20 * 60_000
/**
 * What an activity may take beyond its tool's own timeout: waiting for a slot, and storing a result that may be
 * large, in a flood of them. A second try would run a tool again that has finished; a dead worker is noticed earlier.
 */
const toolMarginMs = 60_000
/** How long the infrastructure may be away under an activity before the workflow gives up on it. */
const outageAllowanceMs = 15 * 60_000

const patient = {
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // The activity decides whether a failure is final; here is only how fast the next try comes.
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
} satisfies ActivityOptions
const shared: ActivityOptions = { ...patient, heartbeatTimeout: '10s' }

/** Short writes that must succeed in the end, however long the database is away. */
export const writes = proxyActivities<Pick<Activities, Write>>({
  ...patient,
  startToCloseTimeout: '30s',
})

export function scheduleModelCall(round: RoundRef, model: string | undefined): Promise<RoundOutcome> {
  const { callModel } = proxyActivities<Activities>({
    ...shared,
    startToCloseTimeout: modelCallTimeoutMs,
    scheduleToCloseTimeout: modelCallTimeoutMs + outageAllowanceMs,
    summary: `${model ?? 'model call'}, round ${round.round}`,
  })
  return callModel(round)
}

/** Summing up takes as many model calls as the older part has pieces. */
export function scheduleCompaction(round: RoundRef): Promise<RoundOutcome> {
  const { compactHistory } = proxyActivities<Activities>({
    ...shared,
    startToCloseTimeout: modelCallTimeoutMs,
    scheduleToCloseTimeout: modelCallTimeoutMs + outageAllowanceMs,
    summary:
      round.purpose === 'compact'
        ? 'sums up the older part'
        : `sums up the older part for round ${round.round}`,
  })
  return compactHistory(round)
}

export function scheduleTool(ref: ToolCallRef, { summary, timeoutMs }: ScheduledCall): Promise<CallOutcome> {
  const { runTool } = proxyActivities<Activities>({
    ...shared,
    ...toolOptions(ref, timeoutMs),
    ...ownersPriority(),
    summary,
  })
  return runTool(ref)
}

export function scheduleToolStep(
  ref: ToolCallRef,
  { summary, steps }: ScheduledCall,
  stepIndex: number,
): Promise<CallOutcome> {
  const step = steps[stepIndex]
  if (step === undefined) throw ApplicationFailure.nonRetryable(`There is no step ${stepIndex}.`)
  const { runToolStep } = proxyActivities<Activities>({
    ...shared,
    ...toolOptions(ref, step.timeoutMs),
    ...ownersPriority(),
    summary: `${summary}: ${step.name}`,
  })
  return runToolStep({ ...ref, stepIndex, stepCount: steps.length, step: step.name })
}

function toolOptions({ background }: ToolCallRef, timeoutMs: number): ActivityOptions {
  const startToCloseTimeout = timeoutMs + toolMarginMs
  if (background === true) {
    // It may wait for its place for any time: nobody waits for it. A thousand of them must not beat each second.
    const taskQueue = backgroundQueueOf(workflowInfo().taskQueue)
    return { startToCloseTimeout, taskQueue, heartbeatTimeout: '2m' }
  }
  return { startToCloseTimeout, scheduleToCloseTimeout: startToCloseTimeout * 3 + outageAllowanceMs }
}

/**
 * Tells the activity whose it is. Temporal has activities inherit it, but not those that the worker of the workflow
 * task gets at once.
 */
function ownersPriority(): ActivityOptions {
  const fairnessKey = workflowInfo().priority?.fairnessKey
  return fairnessKey ? { priority: { fairnessKey } } : {}
}

/** What the failure of a tool's activity means for its call. */
export function classifyToolFailure(error: unknown): 'cancelled' | Pick<FailedCallRef, 'status' | 'code'> {
  if (isCancellation(error)) return 'cancelled'
  const cause = error instanceof ActivityFailure ? error.cause : error
  if (cause instanceof TimeoutFailure) return { status: 'timeout', code: 'tool_timeout' }
  const type = cause instanceof ApplicationFailure ? cause.type : undefined
  return { status: 'error', code: type === 'tool_crashed' ? 'tool_crashed' : 'tool_failed' }
}
