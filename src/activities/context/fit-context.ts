import type { HistoryStrategy } from '../../contracts/conversation.ts'
import { countSummedUp } from './count-summed-up.ts'
import { historyShares, toSummarizedWindow } from './history-shares.ts'

/** A message as it counts. Results of tools may be cut, everything else is whole or not there. */
export type SizedMessage = {
  id: string
  tokens: number
  /** Not more than the store counts of it. */
  sizeBytes: number
  isResult: boolean
}

/** A turn: calls and their results are never parted. */
export type ContextUnit = readonly SizedMessage[]

export type ContextParts = {
  strategy: HistoryStrategy['kind']
  /** What all messages together may take. */
  budgetTokens: number
  /** Of the note that stands in the place of what was summed up; 0: there is none. */
  noteTokens: number
  /** Oldest first. */
  older: readonly ContextUnit[]
  /** Always part of the context. */
  running: ContextUnit
  /** False: the store holds older messages that were not even loaded. */
  complete: boolean
  /** The older part was summed up for this call, or that failed: it is not asked for again. */
  compacted: boolean
}

export type FittedContext =
  | {
      kind: 'fits'
      tokens: number
      hasNote: boolean
      /** Units that are in, counted from the newest older one. */
      olderUnits: number
      /** Results that must be cut, and to how many tokens. */
      caps: ReadonlyMap<string, number>
    }
  /** The older part is to be summed up first. */
  | { kind: 'compact' }
  /** No cut makes it fit. */
  | { kind: 'full' }

/** Tokens to which results are cut: first all old ones to a readable length, then to a word about the cut. */
const cutLengths = [800, 100]

/**
 * Decides what goes into a model call: the running turn always, and of what stands before as much as the
 * strategy admits and the budget holds. What is left out is left out in whole units from the oldest; results of
 * tools are cut, the oldest first, when the turn would not fit otherwise.
 */
export function fitContext(parts: ContextParts): FittedContext {
  if (parts.strategy === 'full') return fitAll(parts)
  if (mustCompact(parts)) return { kind: 'compact' }
  const withNote = fitRunning(parts, parts.noteTokens)
  const fitted = withNote ?? fitRunning(parts, 0)
  if (fitted === undefined) return { kind: 'full' }
  return { kind: 'fits', hasNote: withNote !== undefined && parts.noteTokens > 0, ...fitted }
}

type Fitted = { tokens: number; olderUnits: number; caps: Map<string, number> }

function fitAll({ budgetTokens, noteTokens, older, running, complete }: ContextParts): FittedContext {
  const olderTokens = older.reduce((sum, unit) => sum + tokensOf(unit), noteTokens)
  const cut = complete ? cutResults(running, budgetTokens - olderTokens) : undefined
  if (cut === undefined) return { kind: 'full' }
  const tokens = olderTokens + cut.tokens
  return { kind: 'fits', tokens, hasNote: noteTokens > 0, olderUnits: older.length, caps: cut.caps }
}

/** Never true when there is nothing to sum up: the round would ask in vain, and so would each one that follows. */
function mustCompact(parts: ContextParts): boolean {
  const { strategy, compacted, older, running, complete, noteTokens, budgetTokens } = parts
  if (strategy !== 'summary' || compacted) return false
  // What was not loaded is more than can stay.
  if (!complete) return true
  const windowTokens = toSummarizedWindow(budgetTokens)
  const tokens = noteTokens + tokensOf(older.flat()) + tokensOf(running)
  if (tokens <= windowTokens * historyShares.highWater) return false
  const turnBytes = older.map((unit) => unit.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  return countSummedUp(turnBytes, { windowTokens, reason: 'full' }) > 0
}

function fitRunning({ budgetTokens, older, running }: ContextParts, noteTokens: number): Fitted | undefined {
  const turn = cutResults(running, budgetTokens - noteTokens)
  if (turn === undefined) return undefined
  const fitted: Fitted = { tokens: noteTokens + turn.tokens, olderUnits: 0, caps: turn.caps }
  for (const unit of older.toReversed()) {
    const cut = cutResults(unit, budgetTokens - fitted.tokens)
    if (cut === undefined) break
    fitted.tokens += cut.tokens
    fitted.olderUnits += 1
    for (const [id, tokens] of cut.caps) fitted.caps.set(id, tokens)
    // Nothing before the first one that had to be cut: there is hardly room for more.
    if (cut.caps.size > 0) break
  }
  return fitted
}

/** Cuts results until the unit fits; undefined when it does not with all of them cut as short as may be. */
function cutResults(
  unit: ContextUnit,
  roomTokens: number,
): { tokens: number; caps: Map<string, number> } | undefined {
  const caps = new Map<string, number>()
  let tokens = tokensOf(unit)
  for (const length of cutLengths) {
    for (const results of listRounds(unit)) {
      if (tokens <= roomTokens) return { tokens, caps }
      const sizes = results.map((result) => ({ ...result, tokens: caps.get(result.id) ?? result.tokens }))
      const cap = findCap(sizes, tokens - roomTokens, length)
      for (const size of sizes.filter((result) => result.tokens > cap)) {
        caps.set(size.id, cap)
        tokens -= size.tokens - cap
      }
    }
  }
  return tokens <= roomTokens ? { tokens, caps } : undefined
}

/** The results of each model reply, oldest first: those of one reply are cut alike. */
function listRounds(unit: ContextUnit): SizedMessage[][] {
  const rounds: SizedMessage[][] = []
  unit.forEach((message, index) => {
    if (!message.isResult) return
    if (unit[index - 1]?.isResult === true) rounds.at(-1)?.push(message)
    else rounds.push([message])
  })
  return rounds
}

/** The highest length to which these can be cut so that enough is saved, but not below the given one. */
function findCap(sizes: ContextUnit, excessTokens: number, lowest: number): number {
  const wanted = tokensOf(sizes) - excessTokens
  let low = lowest
  let high = Math.max(lowest, ...sizes.map(({ tokens }) => tokens))
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const after = sizes.reduce((sum, { tokens }) => sum + Math.min(tokens, middle), 0)
    if (after <= wanted) low = middle
    else high = middle - 1
  }
  return low
}

function tokensOf(unit: ContextUnit): number {
  return unit.reduce((sum, { tokens }) => sum + tokens, 0)
}
