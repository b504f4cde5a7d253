import type { ContextChange, PlacedContextChange, VerbatimFact } from '../contracts/context.ts'
import type { MessageId, TurnId } from '../contracts/ids.ts'

/** A compaction as a snapshot reads it; times are texts, because rows come as JSON. */
export type CompactionRow = {
  id: string
  turn_id: TurnId | null
  upto_position: number
  summary: string | null
  facts: VerbatimFact[]
  tokens_before: number
  tokens_after: number
  created_at: string
  /** The answer before which it was made is part of the conversation. */
  answered: boolean
  /** The first message behind what it sums up. */
  next: { id: MessageId; turn_id: TurnId | null } | null
}

/** Up to where a conversation was cleared. */
export type ClearingRow = { position: number; created_at: string }

/** A shown message, as far as places are looked for. */
export type PlacedMessage = { id: MessageId; position: number; turn_id: TurnId | null }

/**
 * Finds where changes of what the model is given stand among messages, oldest first. `complete`: there are no
 * messages before these; otherwise changes that stand before all of them are left out.
 */
export function placeContextChanges(
  { compactions, clearings }: { compactions: readonly CompactionRow[]; clearings: readonly ClearingRow[] },
  messages: readonly PlacedMessage[],
  complete: boolean,
): PlacedContextChange[] {
  const placed = [
    ...compactions.map((row) => ({ change: toCompacted(row), index: placeOfCompaction(row, messages) })),
    ...clearings.map((row) => ({ change: toCleared(row), index: placeBehind(row.position, messages) })),
  ]
  return placed
    .filter(({ index }) => index > 0 || complete)
    .toSorted((a, b) => a.change.createdAt.localeCompare(b.change.createdAt))
    .map(({ change, index }) => {
      const before = messages[index]?.id
      return before === undefined ? change : { ...change, standsBefore: before }
    })
}

/** Before the answer for which it was made; without one, behind its turn and all before. */
function placeOfCompaction(row: CompactionRow, messages: readonly PlacedMessage[]): number {
  if (row.answered) return messages.findIndex(({ id }) => id === row.id)
  const turn = row.turn_id
  if (turn === null) return placeBehind(row.upto_position, messages)
  return messages.findLastIndex(({ turn_id }) => turn_id !== null && numberOf(turn_id) <= numberOf(turn)) + 1
}

function placeBehind(position: number, messages: readonly PlacedMessage[]): number {
  return messages.findLastIndex((message) => message.position <= position) + 1
}

function toCompacted(row: CompactionRow): ContextChange {
  const { id, turn_id, summary, facts, tokens_before, tokens_after, next } = row
  return {
    id: `context.${id}`,
    ...(turn_id === null ? {} : { turnId: turn_id }),
    createdAt: toIso(row.created_at),
    change: 'compacted',
    ...(next !== null && isKept(next.turn_id, turn_id) ? { beforeMessageId: next.id } : {}),
    ...(summary === null ? {} : { summary }),
    facts,
    tokensBefore: tokens_before,
    tokensAfter: tokens_after,
  }
}

/** What came with the compaction's own turn, or later, was not kept by it. */
function isKept(turn: TurnId | null, own: TurnId | null): boolean {
  return turn === null || own === null || numberOf(turn) < numberOf(own)
}

function toCleared({ position, created_at }: ClearingRow): ContextChange {
  return { id: `context.cleared.${position}`, createdAt: toIso(created_at), change: 'cleared' }
}

function toIso(time: string): string {
  return new Date(time).toISOString()
}

function numberOf(turnId: TurnId): number {
  return Number(/\d+$/.exec(turnId)?.[0] ?? 0)
}
