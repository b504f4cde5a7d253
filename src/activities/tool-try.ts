import { ApplicationFailure } from '@temporalio/common'

import { AppError } from '../contracts/errors.ts'
import type { ToolCallRef } from '../contracts/activity-interface.ts'
import { beginToolTry, type BegunTry, type CallEnd, endToolTry, finishCall } from '../store/tool-calls.ts'
import type { CallOutcome, ToolError, ToolStatus } from '../contracts/tool-call.ts'
import type { NewEvent } from '../store/event-log.ts'
import { parseInput } from '../toolkit/parse-input.ts'
import type { Tool, ToolContext } from '../toolkit/tool.ts'
import type { ActivityServices } from './activity-services.ts'
import { type ActivityScope, handedOver, Interrupted, withActivityScope } from './activity-scope.ts'
import { isOutage, isTransient, isTriedOut, toActivityFailure, toRetry } from './attempt.ts'
import { failedError, stoppedCallError, stoppedError } from './call-errors.ts'
import type { PackedOutput } from './pack-output.ts'
import { ProgressWriter } from './progress-writer.ts'
import { ToolCrash } from './isolation/tool-crash.ts'
import { beginningOf } from './result-text.ts'
import { toToolCaller } from './service-caller.ts'
import { storeOutput } from './store-output.ts'
import { ownerOfActivity, withSlot } from './slot.ts'
import { type FailedEnd, toFailedEnd } from './to-failed-end.ts'
import { stepEnded, toolCompleted } from './tool-completed.ts'
import { decideAgain, type UngrantedTry } from './ungranted-call.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

export type RunningTry = Extract<BegunTry, { outcome: 'run' }>

/**
 * What a try does once it may run: returns the tool's output, or stores a step and goes on. Must run the tool itself
 * with `untilDone`: nothing else of it is interrupted.
 */
export type TryBody = (running: {
  tool: Tool
  input: unknown
  context: ToolContext
  earlier: Record<string, unknown>
  stepDone: boolean
  scope: ActivityScope
  /** Of this try. */
  timeoutMs: number
  /** Ends the progress: nothing of it may follow the end of the step. */
  settleProgress(): Promise<void>
}) => Promise<{ kind: 'output'; packed: PackedOutput } | { kind: 'goOn' }>

export type ToolTry = {
  ref: ToolCallRef
  step: { index: number; name: string; count: number } | null
  limits(tool: Tool | undefined): { timeoutMs: number; tries: number }
  body: TryBody
}

/** A try that took its worker with it, or its own process, is repeated once. */
const lostTriesAllowed = 1

/** Runs one try of a tool or step: claim, run under limits, store the end exactly once. */
export async function runToolTry(wanted: ToolTry, services: ActivityServices): Promise<CallOutcome> {
  const { ref } = wanted
  // A background call is stopped by itself, and its queue has places of its own.
  const stopId = ref.background === true ? ref.callId : ref.turnId
  return withActivityScope({ turnId: stopId, stops: services.stops }, async (scope) => {
    try {
      if (ref.background === true) return await runWithSlot(wanted, scope, services)
      const slot = { gate: services.toolSlots, owner: ownerOfActivity(), kind: 'tool' }
      return await withSlot(scope, slot, () => runWithSlot(wanted, scope, services))
    } catch (error) {
      // Retries are decided below and are no fault; anything else is one of the program.
      if (!isTransient(error) && !(error instanceof ApplicationFailure)) {
        services.logger.error({ ...ref, err: error }, 'tool try failed')
      }
      throw toActivityFailure(error, 1)
    }
  })
}

async function runWithSlot(
  wanted: ToolTry,
  scope: ActivityScope,
  services: ActivityServices,
): Promise<CallOutcome> {
  const begun = await beginTry(wanted, services)
  if (begun.outcome === 'decided') return begun.callOutcome
  if (begun.outcome === 'done') return { status: begun.status }
  if (begun.outcome === 'missing') return { status: 'cancelled' }
  const tool = services.tools.find(begun.name)
  const limits = wanted.limits(tool)
  scope.limitTime(limits.timeoutMs)
  const progress = new ProgressWriter({ ref: wanted.ref, step: wanted.step, log: services.log })
  const { ref } = wanted
  return runClaimedTry({
    ...wanted,
    tool,
    ...limits,
    begun,
    scope,
    services,
    progress,
    storeEnd: (callEnd, events) =>
      untilDatabaseAnswers(scope.storing, () => finishCall(services.database, ref, callEnd, events)),
  })
}

/** Claims a try; one whose grant is gone is decided anew first. */
async function beginTry(
  { ref, step }: ToolTry,
  services: ActivityServices,
): Promise<Exclude<BegunTry, UngrantedTry> | { outcome: 'decided'; callOutcome: CallOutcome }> {
  for (;;) {
    const begun = await beginToolTry(services.database, ref.callId, step?.index ?? null)
    if (begun.outcome !== 'ungranted') return begun
    const callOutcome = await decideAgain(ref, begun, services)
    if (callOutcome !== undefined) return { outcome: 'decided', callOutcome }
  }
}

/** A try that may run, with all that it needs. */
export type ClaimedTry = Omit<ToolTry, 'limits'> & {
  tool: Tool | undefined
  timeoutMs: number
  tries: number
  begun: RunningTry
  scope: ActivityScope
  services: ActivityServices
  progress: ProgressWriter
  /** Stores the end of the call, once; resolves with the status that stands. */
  storeEnd(end: CallEnd, events: readonly NewEvent[]): Promise<ToolStatus>
}

/**
 * Runs a try that was claimed, and stores the end of its call.
 * @throws what makes it run again, which has been counted or uncounted
 */
export async function runClaimedTry(claimed: ClaimedTry): Promise<CallOutcome> {
  const { tool, begun, scope } = claimed
  if (begun.cancelling || scope.interruption() === 'stopped') return end(claimed, stopped(claimed))
  if (begun.lost > lostTriesAllowed) return end(claimed, failed(claimed, 'error', crashedError))
  if (tool === undefined) return end(claimed, failed(claimed, 'error', goneError(begun.name)))
  const parsed = parseInput(tool, begun.arguments)
  if (!parsed.ok) return end(claimed, failed(claimed, 'error', parsed.error))
  try {
    const context = toContext(claimed, tool)
    const running = {
      tool,
      input: parsed.input,
      context,
      earlier: begun.earlier,
      stepDone: begun.stepDone,
      scope,
      timeoutMs: claimed.timeoutMs,
      settleProgress: () => claimed.progress.settle(),
    }
    const result = await claimed.body(running)
    if (result.kind === 'goOn') return { status: 'ok' }
    return await end(claimed, await storeOutput(claimed, result.packed))
  } catch (error) {
    return endFailedTry(claimed, error)
  }
}

async function endFailedTry(claimed: ClaimedTry, error: unknown): Promise<CallOutcome> {
  const { begun, tries, services, ref } = claimed
  // Of the tool, or of the storing; one that came after the tool had ended counts for nothing.
  const interruption = error instanceof Interrupted ? error.interruption : undefined
  if (interruption === 'stopped') return end(claimed, stopped(claimed))
  if (interruption === 'shutdown' || interruption === 'lost' || interruption === 'late') {
    await endToolTry(services.database, ref.callId, false)
    throw handedOver(interruption)
  }
  if (error instanceof ToolCrash) return endCrashedTry(claimed, error)
  const fault = interruption === 'timeout' ? new AppError('tool_timeout', 'The tool took too long.') : error
  const mayRun = isTransient(fault) && !isTriedOut(fault) && (isOutage(fault) || begun.failed + 1 < tries)
  if (mayRun) {
    await endToolTry(services.database, ref.callId, !isOutage(fault))
    throw toRetry(fault, begun.failed + 1)
  }
  const status = interruption === 'timeout' ? 'timeout' : 'error'
  return end(claimed, failed(claimed, status, toToolError(fault, claimed)))
}

/** Counted as one that took its worker with it: the store sees a try that has begun and never ended. */
async function endCrashedTry(claimed: ClaimedTry, crash: ToolCrash): Promise<CallOutcome> {
  const { begun, tries, services, ref } = claimed
  services.logger.error({ ...ref, tool: begun.name, how: crash.kind, err: crash }, 'a tool crashed')
  const tried = begun.failed + begun.lost + 1
  const fault = new AppError('tool_crashed', crash.message)
  if (begun.lost < lostTriesAllowed && tried < tries) throw toRetry(fault, tried)
  return end(claimed, failed(claimed, 'error', toToolError(fault, claimed)))
}

async function end({ ref, step, progress, storeEnd }: ClaimedTry, callEnd: CallEnd): Promise<CallOutcome> {
  const events = [
    ...(step === null || callEnd.status === 'ok' ? [] : [stepEnded(ref, step, callEnd)]),
    toolCompleted(ref, callEnd),
  ]
  await progress.settle()
  return { status: await storeEnd(callEnd, events) }
}

function toContext({ ref, begun, scope, services, progress }: ClaimedTry, tool: Tool): ToolContext {
  const logger = services.logger.child({ ...ref, tool: tool.name })
  return {
    signal: scope.signal,
    progress(stage, fraction, message) {
      progress.write(fraction, message ?? stage)
    },
    log: (message, fields = {}) => logger.info(fields, message),
    services: services.toolServicesOf(toToolCaller({ ref, owner: begun.owner, scope }, services)),
    owner: begun.owner,
    ...(begun.wallet === null ? {} : { wallet: begun.wallet }),
    chainId: begun.chainId ?? services.settings.defaultChainId,
    conversationId: ref.conversationId,
    callId: ref.callId,
    idempotencyKey: ref.callId,
  }
}

function failed({ begun }: ClaimedTry, status: FailedEnd['status'], error: ToolError): FailedEnd {
  return toFailedEnd(status, error, begun.earlier)
}

function stopped(claimed: ClaimedTry): FailedEnd {
  const error = claimed.ref.background === true ? stoppedCallError : stoppedError
  return failed(claimed, 'cancelled', error)
}

function toToolError(fault: unknown, { services, ref, begun }: ClaimedTry): ToolError {
  if (fault instanceof AppError) {
    return { code: fault.code, message: beginningOf(fault.message), retryable: isTransient(fault) }
  }
  services.logger.error({ ...ref, tool: begun.name, err: fault }, 'tool failed')
  return failedError
}

const crashedError: ToolError = {
  code: 'tool_crashed',
  message: 'The tool took its process down twice and is not tried again.',
  retryable: false,
}

function goneError(name: string): ToolError {
  return { code: 'tool_unknown', message: `The tool ${name} is no longer offered.`, retryable: false }
}
