import type { RoundOutcome, RoundRef, Turn } from '../contracts/turn.ts'
import type { StateOfConversation } from './conversation-state.ts'
import type { Engine } from './engine.ts'
import type { TurnExit } from './turn.ts'

export type CompactionParts = {
  engine: Pick<Engine, 'compactHistory' | 'isCancellation'>
  state: StateOfConversation
}

/** Runs a turn that was asked to sum up the older part of its conversation; its activity writes the turn's end. */
export async function runCompaction(turn: Turn, parts: CompactionParts): Promise<TurnExit> {
  const outcome = await compact({ ...turn, round: 0 }, parts)
  if (outcome.kind === 'finished') return { kind: 'ended', end: { ...toEnd(outcome), written: true } }
  if (outcome.kind === 'nothing') return { kind: 'ended', end: { outcome: 'success', written: true } }
  throw new Error(`A turn that sums up came to ${outcome.kind}.`)
}

/** Sums up the older part for a round that does not fit. The round goes on, whatever becomes of it. */
export async function compactForRound(round: RoundRef, parts: CompactionParts): Promise<void> {
  try {
    await compact(round, parts)
  } catch (error) {
    if (parts.engine.isCancellation(error)) throw error
  }
}

async function compact(round: RoundRef, { engine, state }: CompactionParts): Promise<RoundOutcome> {
  state.isCompacting = true
  try {
    return await engine.compactHistory(round)
  } finally {
    state.isCompacting = false
  }
}

function toEnd({ outcome, code }: Extract<RoundOutcome, { kind: 'finished' }>) {
  return { outcome, ...(code === undefined ? {} : { code }) }
}
