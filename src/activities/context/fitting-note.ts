import { wholeBeginning } from '../../contracts/whole-characters.ts'
import type { TokenCounter } from '../../models/token-counter.ts'
import type { Compaction } from '../../store/history-backend.ts'
import { toCompactionNote } from '../compaction/compaction-note.ts'
import { joinFacts } from '../compaction/fact-list.ts'
import { inPortions, tokensPerMessage } from './message-sizes.ts'

export type NoteRoom = { maxTokens: number; counter: TokenCounter; signal: AbortSignal }

/**
 * Writes the note that stands for the older part. Where there is little room, because the model's window is smaller
 * than that of the one before, the list of facts is shortened as it was made, and then the summary.
 */
export async function toFittingNote(
  compaction: Compaction,
  { maxTokens, counter, signal }: NoteRoom,
): Promise<string> {
  const count = inPortions(counter, signal)
  const { summary } = compaction
  let facts = [...compaction.facts]
  let leftOut = compaction.factsLeftOut
  let summaryLength = summary?.length ?? 0
  for (;;) {
    const note = toCompactionNote({
      summary: summary === null ? null : wholeBeginning(summary, summaryLength),
      facts,
      factsLeftOut: leftOut,
    })
    if ((await count(note)) + tokensPerMessage <= maxTokens || facts.length + summaryLength === 0) return note
    if (facts.length > 0) {
      const limits = { count: Math.floor(facts.length * 0.7), characters: Infinity }
      ;({ facts, leftOut } = joinFacts({ facts, leftOut }, [], limits))
    } else summaryLength = Math.floor(summaryLength * 0.7)
  }
}
