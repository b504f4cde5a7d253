import { ApplicationFailure } from '@temporalio/common'

import type { OwnerId } from '../contracts/ids.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'
import type { CallOutcome } from '../contracts/tool-call.ts'
import type { RunningRound } from '../store/rounds.ts'
import type { ActivityServices } from './activity-services.ts'
import { type ActivityScope, withDeadline } from './activity-scope.ts'
import { isTransient } from './attempt.ts'
import { CallEnds } from './call-ends.ts'
import type { RoundPlan } from './plan-calls.ts'
import type { QuickCall } from './planned-call.ts'
import { ProgressWriter } from './progress-writer.ts'
import { createRun } from './run-tool.ts'
import { runClaimedTry } from './tool-try.ts'
import type { WeightedGate } from '../ops/weighted-gate.ts'

/** The moment that quick calls have; what takes longer gets an activity of its own. */
const deadlineMs = 2_000

/** Quick calls that have their slots; `leave` must be called when they are over, or never begin. */
export type AdmittedCalls = { calls: readonly QuickCall[]; leave(): void }

/** Takes tool slots for the calls of a reply, when all that run are quick and there is room for them at once. */
export function admitQuickCalls(
  { calls }: RoundPlan,
  slots: WeightedGate,
  owner: OwnerId,
): AdmittedCalls | undefined {
  const open = calls.filter(({ scheduled }) => scheduled !== undefined)
  const quick = open.flatMap((call) => call.quick ?? [])
  if (quick.length === 0 || quick.length < open.length) return undefined
  const leave = slots.tryEnter(quick.length, owner)
  return leave === undefined ? undefined : { calls: quick, leave }
}

export type QuickRound = {
  round: RoundRef
  begun: RunningRound
  scope: ActivityScope
  /** What the workflow would be told without them. */
  outcome: Extract<RoundOutcome, { kind: 'tools' }>
}

/**
 * Runs quick calls that were claimed with their reply, within the activity of its model call: the workflow, Temporal
 * and the database are asked once for all of them. Those that do not end in their moment are left to the workflow.
 */
export async function runQuickCalls(
  calls: readonly QuickCall[],
  quick: QuickRound,
  services: ActivityServices,
): Promise<RoundOutcome> {
  const { round, scope, outcome } = quick
  const ends = new CallEnds(round, services.database, scope.storing)
  scope.note('tools')
  const run = async (call: QuickCall): Promise<CallOutcome | undefined> => {
    try {
      return await runQuickCall(call, quick, ends, services)
    } catch (error) {
      if (!isTransient(error) && !(error instanceof ApplicationFailure)) {
        const { conversationId, turnId } = round
        services.logger.error(
          { err: error, conversationId, turnId, callId: call.callId },
          'quick call failed',
        )
      }
      return undefined
    }
  }
  const ended = new Map(await Promise.all(calls.map(async (call) => [call.callId, await run(call)] as const)))
  return {
    ...outcome,
    calls: outcome.calls.filter(({ callId }) => ended.get(callId) === undefined),
    ran: calls.flatMap(({ callId, tool }) => {
      const end = ended.get(callId)
      return end === undefined ? [] : `${tool.name}: ${end.status}`
    }),
  }
}

async function runQuickCall(
  { callId, tool, arguments: args }: QuickCall,
  { round: { conversationId, turnId }, begun: { settings }, scope }: QuickRound,
  ends: CallEnds,
  services: ActivityServices,
): Promise<CallOutcome> {
  const ref = { conversationId, turnId, callId }
  return runClaimedTry({
    ref,
    step: null,
    body: createRun(services),
    tool,
    timeoutMs: deadlineMs,
    tries: tool.tries ?? services.settings.toolTries,
    begun: {
      outcome: 'run',
      name: tool.name,
      arguments: args,
      failed: 0,
      lost: 0,
      owner: settings.owner,
      wallet: settings.wallet,
      chainId: settings.chainId,
      cancelling: false,
      stepDone: false,
      readsOn: settings.tools?.includes('read_result') ?? true,
      earlier: {},
    },
    scope: withDeadline(scope, deadlineMs),
    services,
    progress: new ProgressWriter({ ref, step: null, log: services.log }),
    storeEnd: (end, events) => ends.store(callId, end, events),
  })
}
