import type { BudgetCode, LimitReport, UsageReport, UsageSum } from '../contracts/usage.ts'
import { formatCost } from './format-cost.ts'
import { formatCount } from './format-count.ts'

/** What has been used and what is left, one line for each sum and each limit. */
export function usageLines({ turn, conversation, today, total, reserved, limits }: UsageReport): string[] {
  return [
    ...(turn ? [`This turn     ${describeSum(turn)}`] : []),
    ...(conversation ? [`Conversation  ${describeSum(conversation)}`] : []),
    `Today         ${describeSum(today)}`,
    `In all        ${describeSum(total)}`,
    ...(reserved.calls === 0 ? [] : [`Running       up to ${formatCount(reserved.tokens)} tokens`]),
    ...(limits.length === 0 ? ['There are no limits.'] : limits.map(limitLine)),
  ]
}

function describeSum({ calls, inputTokens, outputTokens, costUsd, estimatedCalls }: UsageSum): string {
  return [
    calls === 1 ? '1 call' : `${formatCount(calls)} calls`,
    `${formatCount(inputTokens)} tokens in`,
    `${formatCount(outputTokens)} out`,
    formatCost(costUsd),
    ...(estimatedCalls === 0 ? [] : [`${formatCount(estimatedCalls)} of them estimated`]),
  ].join(' · ')
}

const scopes: Record<BudgetCode, string> = {
  turn_budget: 'for a turn',
  day_budget: 'for today (UTC)',
  owner_budget: 'for you in all',
}

function limitLine({ code, tokens, usd }: LimitReport): string {
  const left = [
    ...(tokens ? [`${formatCount(tokens.left)} of ${formatCount(tokens.limit)} tokens`] : []),
    ...(usd ? [`${formatCost(usd.left)} of ${formatCost(usd.limit)}`] : []),
  ]
  return `Left ${scopes[code]}: ${left.join(' and ')}`
}
