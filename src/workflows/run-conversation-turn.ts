import { ActivityFailure, CancellationScope, isCancellation, log, TimeoutFailure } from '@temporalio/workflow'

import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { CarriedTurn, Turn, TurnEnd } from '../contracts/turn.ts'
import {
  classifyToolFailure,
  failToolCall,
  finishTurn,
  scheduleModelCall,
  scheduleTool,
  scheduleToolStep,
} from './activity-ports.ts'
import type { CallProgressTable } from './call-progress.ts'
import type { StateOfConversation } from './conversation-state.ts'
import { mustContinueAsNew } from './must-continue-as-new.ts'
import { runToolCall } from './tool-call.ts'
import { runTurn, type TurnExit } from './turn.ts'

/** Models told by earlier rounds, for the activity summaries. */
export type ModelMemory = { model?: string | undefined }

/** Runs one turn with activities as its ports. Never throws: every failure is an end of the turn. */
export async function runConversationTurn(
  carried: CarriedTurn,
  state: StateOfConversation,
  calls: CallProgressTable,
  memory: ModelMemory,
): Promise<TurnExit> {
  const { turn } = carried
  const exit = await tryTurn(carried, state, calls, memory)
  if (exit.kind === 'ended' && !exit.end.written) await writeEnd(turn, exit.end)
  return exit
}

async function tryTurn(
  carried: CarriedTurn,
  state: StateOfConversation,
  calls: CallProgressTable,
  memory: ModelMemory,
): Promise<TurnExit> {
  const { turn } = carried
  calls.beginTurn(turn.turnId)
  try {
    return await runTurn(carried, {
      async callModel(round) {
        state.change('thinking', { turnId: turn.turnId, round: round.round })
        const outcome = await scheduleModelCall(round, memory.model)
        if (outcome.kind !== 'nothing') memory.model = outcome.model ?? memory.model
        if (outcome.kind !== 'tools') return outcome
        calls.beginTurn(turn.turnId)
        for (const call of outcome.calls) calls.beginCall(call)
        state.change('tools', { turnId: turn.turnId, round: round.round })
        return outcome
      },
      runToolCall: (call) => runCall(turn, call, state, calls),
      // A turn that is being stopped ends here: the next run would know nothing of the Stop.
      mustCut: () => !CancellationScope.current().consideredCancelled && mustContinueAsNew(),
      now: Date.now,
    })
  } catch (error) {
    // Whatever else still runs of this turn must not reach into the next one.
    CancellationScope.current().cancel()
    return { kind: 'ended', end: toEnd(error) }
  }
}

async function runCall(
  { conversationId, turnId }: Turn,
  call: ScheduledCall,
  state: StateOfConversation,
  calls: CallProgressTable,
): Promise<CallOutcome> {
  const ref = { conversationId, turnId, callId: call.callId }
  const outcome = await runToolCall(call, {
    runTool: (wanted) => scheduleTool(ref, wanted),
    runToolStep: (wanted, stepIndex) => scheduleToolStep(ref, wanted, stepIndex),
    failToolCall: (_, failure) => failToolCall({ ...ref, ...failure }),
    onStep(wanted, stepIndex) {
      calls.beginStep(wanted, stepIndex)
      state.describe()
    },
    classify: classifyToolFailure,
  })
  calls.endCall(call, outcome)
  return outcome
}

function toEnd(error: unknown): TurnEnd {
  if (isCancellation(error)) return { outcome: 'cancelled', code: 'stopped', written: false }
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  if (cause instanceof TimeoutFailure) return { outcome: 'error', code: 'model_timeout', written: false }
  log.error('turn failed', { error })
  return { outcome: 'error', code: 'internal', written: false }
}

/** Runs although the turn's scope is cancelled. */
function writeEnd({ conversationId, turnId, messageIds, trigger }: Turn, end: TurnEnd): Promise<void> {
  return CancellationScope.nonCancellable(() =>
    finishTurn({
      conversationId,
      turnId,
      trigger,
      messageIds,
      outcome: end.outcome,
      ...(end.code === undefined ? {} : { code: end.code }),
    }),
  )
}
