import type { Event } from '../contracts/event.ts'
import { addDecimals } from './add-decimals.ts'
import type { TurnUsage } from './conversation-view.ts'

type UsageEvent = Extract<Event, { type: 'usage.recorded' }>

/** The usage of a turn with one more model call; a call of another turn begins a new sum. */
export function addTurnUsage(before: TurnUsage | undefined, event: UsageEvent): TurnUsage {
  const { turnId, inputTokens, outputTokens, costUsd, estimated = false } = event
  const known = before?.turnId === turnId ? before : undefined
  const costs = [known?.costUsd, costUsd].flatMap((cost) => cost ?? [])
  return {
    ...(turnId !== undefined && { turnId }),
    calls: (known?.calls ?? 0) + 1,
    inputTokens: (known?.inputTokens ?? 0) + inputTokens,
    outputTokens: (known?.outputTokens ?? 0) + outputTokens,
    ...(costs.length > 0 && { costUsd: costs.reduce(addDecimals) }),
    estimated: (known?.estimated ?? false) || estimated,
  }
}
