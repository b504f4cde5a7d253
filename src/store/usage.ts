import { type ConversationId, conversationIdOf, type OwnerId, type TurnId } from '../contracts/ids.ts'
import type {
  BudgetCode,
  BudgetLimit,
  Budgets,
  CallKind,
  LimitReport,
  UsageReport,
  UsageSum,
} from '../contracts/usage.ts'
import { toUsd } from './call-cost.ts'
import type { Database } from './database.ts'

export type UsageQuestion = {
  owner: OwnerId
  conversationId?: ConversationId | undefined
  turnId?: TurnId | undefined
  /** How many days, today among them. */
  days: number
}

/** A sum with its exact cost, which a JSON number cannot hold. */
type SumRow = UsageSum & { cost: string }

type UsageAnswer = {
  total: SumRow
  today: SumRow
  conversation: SumRow | null
  turn: SumRow | null
  days: { day: string; sum: SumRow }[]
  models: { model: string; kind: CallKind; sum: SumRow }[]
  reserved: {
    calls: number
    tokens: number
    cost: string
    todayTokens: number
    todayCost: string
    turnTokens: number
    turnCost: string
  }
}

/** Reports what an owner has used, and what is left. What somebody else has used is nowhere in it. */
export async function reportUsage(
  database: Database,
  { owner, conversationId, turnId, days }: UsageQuestion,
  { limits }: Budgets,
): Promise<UsageReport> {
  const conversation = conversationId ?? (turnId === undefined ? null : conversationIdOf(turnId))
  const answer = await database.call<UsageAnswer>('report_usage', [owner, conversation, turnId ?? null, days])
  const { total, today, turn, reserved } = answer
  return {
    total: toSum(total),
    today: toSum(today),
    reserved: { calls: reserved.calls, tokens: reserved.tokens, costUsd: toUsd(BigInt(reserved.cost)) },
    days: answer.days.map(({ day, sum }) => ({ day, ...toSum(sum) })),
    models: answer.models.map(({ model, kind, sum }) => ({ model, kind, ...toSum(sum) })),
    ...(answer.conversation === null ? {} : { conversation: toSum(answer.conversation) }),
    ...(turn === null ? {} : { turn: toSum(turn) }),
    limits: [
      ...toLimit('turn_budget', limits.turn, turn, reserved.turnTokens, reserved.turnCost),
      ...toLimit('day_budget', limits.day, today, reserved.todayTokens, reserved.todayCost),
      ...toLimit('owner_budget', limits.owner, total, reserved.tokens, reserved.cost),
    ],
  }
}

function toSum({ cost: _cost, ...sum }: SumRow): UsageSum {
  return sum
}

function toLimit(
  code: BudgetCode,
  { tokens, cost }: BudgetLimit,
  spent: SumRow | null,
  reservedTokens: number,
  reservedCost: string,
): LimitReport[] {
  if (tokens === undefined && cost === undefined) return []
  const usedTokens = (spent?.inputTokens ?? 0) + (spent?.outputTokens ?? 0) + reservedTokens
  const usedCost = BigInt(spent?.cost ?? 0) + BigInt(reservedCost)
  return [
    {
      code,
      ...(tokens === undefined ? {} : { tokens: { limit: tokens, left: Math.max(tokens - usedTokens, 0) } }),
      ...(cost === undefined
        ? {}
        : { usd: { limit: toUsd(cost), left: toUsd(cost > usedCost ? cost - usedCost : 0n) } }),
    },
  ]
}
