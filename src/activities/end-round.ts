import type { AppError } from '../contracts/errors.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'
import { finishRound, type RunningRound } from '../store/rounds.ts'
import type { ActivityScope } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import type { DeltaWriter } from './delta-writer.ts'
import { toFinishedRound } from './finished-round.ts'
import { planReply } from './plan-reply.ts'
import { admitQuickCalls, runQuickCalls } from './quick-calls.ts'
import type { Reply } from './reply.ts'
import type { Spending } from './spending.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

export type EndingRound = {
  round: RoundRef
  begun: RunningRound
  scope: ActivityScope
  attempt: number
  writer: DeltaWriter
  reply: Reply
  /** What cut the reply short: then nothing of it runs. */
  failure: AppError | undefined
  spending: Spending
}

/** Stores what a model call produced, and runs the calls that it asks for when all of them are quick. */
export async function endRound(
  { round, begun, scope, attempt, writer, reply, failure, spending }: EndingRound,
  services: ActivityServices,
): Promise<RoundOutcome> {
  const plan = await planReply({ round, begun, reply, failure, scope }, services)
  const quick = admitQuickCalls(plan, services.toolSlots)
  try {
    const finished = toFinishedRound({
      round,
      begun,
      attempt,
      reply,
      text: writer.whole('text'),
      reasoning: writer.whole('reasoning'),
      failure,
      plan,
      claimed: quick !== undefined,
      spent: spending.toSettlement(reply, failure),
      services,
    })
    const outcome = await untilDatabaseAnswers(scope.signal, () => finishRound(services.database, finished))
    logOutcome(outcome, { round, attempt }, services)
    // What an earlier try has stored may have run: the workflow asks for it call by call.
    if (quick === undefined || outcome.kind !== 'tools' || outcome !== finished.outcome) return outcome
    return await runQuickCalls(quick.calls, { round, begun, scope, outcome }, services)
  } finally {
    quick?.leave()
  }
}

function logOutcome(
  outcome: RoundOutcome,
  { round: { conversationId, turnId, round }, attempt }: Pick<EndingRound, 'round' | 'attempt'>,
  { logger }: ActivityServices,
): void {
  const ended = outcome.kind === 'finished' ? { outcome: outcome.outcome, code: outcome.code } : {}
  logger.info({ conversationId, turnId, round, attempt, kind: outcome.kind, ...ended }, 'round stored')
}
