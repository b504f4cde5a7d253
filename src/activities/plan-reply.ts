import type { AppError } from '../contracts/errors.ts'
import { toolCallLimit } from '../contracts/limits.ts'
import type { RoundRef } from '../contracts/turn.ts'
import { listGrants } from '../store/grants.ts'
import type { RunningRound } from '../store/rounds.ts'
import type { ActivityScope } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import { listAllowedTools } from './list-allowed-tools.ts'
import { planCalls, type RoundPlan } from './plan-calls.ts'
import type { Reply } from './reply.ts'
import { withUniqueIds } from './unique-call-ids.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

export type WantedPlan = {
  round: RoundRef
  begun: RunningRound
  reply: Reply
  /** What cut the reply short: then nothing of it runs. */
  failure: AppError | undefined
  scope: ActivityScope
}

/** Calls beyond the limit are refused one by one, so that the model can tell; a flood of them is cut. */
const callRowLimit = 2 * toolCallLimit

/** Plans the calls that a reply asks for, under the rules, grants and policy that hold now. */
export async function planReply(
  { round, begun, reply, failure, scope }: WantedPlan,
  services: ActivityServices,
): Promise<RoundPlan> {
  if (failure !== undefined || reply.reason !== 'tools') return { calls: [], requests: [] }
  const { settings, rules, database, logger } = services
  return planCalls(withUniqueIds(reply.calls.slice(0, callRowLimit)), {
    round,
    tools: listAllowedTools(begun.settings, services),
    settings,
    policy: begun.settings.permissions,
    rules,
    chainId: begun.settings.chainId ?? settings.defaultChainId,
    requestTtlMs: settings.requestTtlMs,
    nowMs: Date.now(),
    loadGrants: () => untilDatabaseAnswers(scope.signal, () => listGrants(database, begun.settings.owner)),
    onToolFault: (tool, err) => logger.error({ tool, err }, 'a tool cannot say what its call is about'),
  })
}
