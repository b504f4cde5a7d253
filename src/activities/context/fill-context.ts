import type { HistoryStrategy } from '../../contracts/conversation.ts'
import type { TurnId } from '../../contracts/ids.ts'
import type { TokenCounter } from '../../models/token-counter.ts'
import type { HistoryMessage, LoadedHistory } from '../../store/history-backend.ts'
import { toUnits } from './context-units.ts'
import { cutResult } from './cut-result.ts'
import { type ContextUnit, fitContext } from './fit-context.ts'
import { historyShares } from './history-shares.ts'
import { countBytes, type MessageSizes } from './message-sizes.ts'
import { toFittingNote } from './fitting-note.ts'

export type ContextFill = {
  history: LoadedHistory
  turnId: TurnId
  strategy: HistoryStrategy['kind']
  budgetTokens: number
  compacted: boolean
  /** The model has `read_result`. */
  readsOn: boolean
  counter: TokenCounter
  sizes: MessageSizes
  signal: AbortSignal
}

/** The messages of a context, counted and fitted; or that they must be summed up first, or fit in no way. */
export type FilledContext =
  | { kind: 'filled'; messages: HistoryMessage[]; tokens: number }
  | { kind: 'compact' }
  | { kind: 'full' }

/** Counts a history and gives as much of it as fits; see `fitContext` for the rules. */
export async function fillContext(fill: ContextFill): Promise<FilledContext> {
  const { history, counter, signal } = fill
  const { older, running } = toUnits(history.messages, fill.turnId)
  const note = await toNote(fill)
  const messages = [...(note === undefined ? [] : [note]), ...history.messages]
  const counts = await fill.sizes.countMessages(messages, counter, signal)
  const tokens = new Map(messages.map(({ id }, index) => [id, counts[index] ?? 0]))
  const toSizes = (unit: readonly HistoryMessage[]): ContextUnit =>
    unit.map((message) => ({
      id: message.id,
      tokens: tokens.get(message.id) ?? 0,
      sizeBytes: countBytes(message),
      isResult: message.role === 'tool',
    }))
  const fitted = fitContext({
    strategy: fill.strategy,
    budgetTokens: fill.budgetTokens,
    noteTokens: note === undefined ? 0 : (tokens.get(note.id) ?? 0),
    older: older.map(toSizes),
    running: toSizes(running),
    complete: history.complete,
    compacted: fill.compacted,
  })
  if (fitted.kind !== 'fits') return fitted
  const given = [...older.slice(older.length - fitted.olderUnits).flat(), ...running]
  const cut: HistoryMessage[] = note !== undefined && fitted.hasNote ? [note] : []
  for (const message of given) {
    const cap = fitted.caps.get(message.id)
    const options = { tokens: tokens.get(message.id) ?? 0, counter, readsOn: fill.readsOn, signal }
    cut.push(cap === undefined ? message : await cutResult(message, { ...options, cap }))
  }
  return { kind: 'filled', messages: cut, tokens: fitted.tokens }
}

/** The compaction as the model reads it, in a part of the budget. */
async function toNote(fill: ContextFill): Promise<HistoryMessage | undefined> {
  const { compaction } = fill.history
  if (compaction === undefined) return undefined
  const maxTokens = Math.floor(fill.budgetTokens * historyShares.note)
  const text = await toFittingNote(compaction, { maxTokens, counter: fill.counter, signal: fill.signal })
  // No stored message: its id only has to be another one for another text.
  return { id: text, role: 'note', text, state: 'done', createdAt: '' }
}
