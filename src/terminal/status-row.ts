import type { ConversationView } from '../client/conversation-view.ts'
import { fitColumns } from './display-width.ts'
import { formatCost } from './format-cost.ts'
import { formatCount } from './format-count.ts'
import { toPlainLine } from './text-filter.ts'

/** The row below the input line: which model, how full its window is, and what the turn has cost. */
export function statusRow(
  { conversation, turn, usage, turnUsage }: ConversationView,
  nextModel: string | undefined,
  columns: number,
): string {
  const model = turn?.model ?? conversation?.model
  const parts = [
    ...(model === undefined ? [] : [toPlainLine(model)]),
    ...(nextModel === undefined ? [] : [`next message: ${toPlainLine(nextModel)}`]),
    ...(usage ? [windowOf(usage)] : []),
    ...(turnUsage?.costUsd === undefined
      ? []
      : [`${turnUsage.estimated ? '~' : ''}${formatCost(turnUsage.costUsd)} this turn`]),
  ]
  return fitColumns(parts.join(' · '), columns - 1)
}

function windowOf({ contextTokens, contextLimit }: NonNullable<ConversationView['usage']>): string {
  if (contextLimit <= 0) return `${formatCount(contextTokens)} tokens`
  const share = Math.round((contextTokens / contextLimit) * 100)
  return `${formatCount(contextTokens)} of ${formatCount(contextLimit)} tokens (${share} %)`
}
