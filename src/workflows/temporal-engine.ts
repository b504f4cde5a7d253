import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  TimeoutFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow'

import { searchAttributes } from '../contracts/temporal-names.ts'
import {
  classifyToolFailure,
  scheduleCompaction,
  scheduleModelCall,
  scheduleTool,
  scheduleToolStep,
  writes,
} from './activity-ports.ts'
import type { Appearance, Engine, Scope } from './engine.ts'
import { startBackgroundCall } from './start-background-call.ts'
import { mustContinueAsNew } from './must-continue-as-new.ts'

/** The loop's engine inside a Temporal workflow. */
export function createTemporalEngine(): Engine {
  return {
    resolveRequest: (request) => writes.resolveRequest(request),
    failToolCall: (call) => writes.failToolCall(call),
    finishTurn: (end) => writes.finishTurn(end),
    beginBackgroundCall: (call) => writes.beginBackgroundCall(call),
    wakeConversation: (call) => writes.wakeConversation(call),
    callModel: scheduleModelCall,
    compactHistory: scheduleCompaction,
    runTool: scheduleTool,
    runToolStep: scheduleToolStep,
    startBackgroundCall,
    async until(holds, timeoutMs, summary) {
      if (timeoutMs !== undefined)
        return condition(holds, timeoutMs, summary === undefined ? {} : { summary })
      await condition(holds)
      return true
    },
    openScope,
    shield: (body) => CancellationScope.nonCancellable(body),
    isCancellation,
    classify: classifyToolFailure,
    toTurnCode,
    isPatched: patched,
    mustContinueAsNew,
    now: Date.now,
    refusal: (type, message, details) =>
      ApplicationFailure.create({ type, message, nonRetryable: true, details: [...details] }),
    describe: setCurrentDetails,
    index,
  }
}

function openScope(): Scope {
  const scope = new CancellationScope()
  return {
    get isCancelled() {
      return scope.consideredCancelled
    },
    cancel: () => scope.cancel(),
    run: (body) => scope.run(body),
  }
}

function toTurnCode(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  if (cause instanceof TimeoutFailure) return 'model_timeout'
  log.error('turn failed', { error })
  return 'internal'
}

const keys = {
  state: { name: 'ConversationState', type: searchAttributes.ConversationState },
  needsHuman: { name: 'NeedsHuman', type: searchAttributes.NeedsHuman },
  model: { name: 'Model', type: searchAttributes.Model },
  lastTurnAt: { name: 'LastTurnAt', type: searchAttributes.LastTurnAt },
} as const

function index({ state, needsHuman, model, endedAtMs }: Appearance): void {
  upsertSearchAttributes([
    { key: keys.state, value: state },
    ...(needsHuman === undefined ? [] : [{ key: keys.needsHuman, value: needsHuman }]),
    ...(endedAtMs === undefined ? [] : [{ key: keys.lastTurnAt, value: new Date(endedAtMs) }]),
    ...(model === undefined ? [] : [{ key: keys.model, value: model }]),
  ])
}
