import type { VerbatimFact } from '../contracts/context.ts'
import type { ConversationExport } from '../schemas/conversation-export.ts'

type File = Pick<ConversationExport, 'messages' | 'compactions'>
type ImportedCompaction = ConversationExport['compactions'][number]

/** Characters that are looked through for one file: many facts of many long messages are no file of ours. */
const searchLimit = 200_000_000

/**
 * Takes only those facts over whose value stands in the message or the result that they name: the model is told that
 * code has copied them from there. The others are counted as left out.
 */
export function keepFoundFacts({ messages, compactions }: File): ImportedCompaction[] {
  const texts = new Map(messages.map(({ id, text = '' }) => [id, text]))
  const known = new Map<string, boolean>()
  let searched = 0
  const isFound = ({ callId, value }: VerbatimFact): boolean => {
    const key = `${callId}\n${value}`
    const before = known.get(key)
    if (before !== undefined) return before
    const text = texts.get(callId) ?? ''
    searched += text.length
    // A number and its unit stand in fields of their own.
    const found = searched <= searchLimit && value.split(' ').every((part) => text.includes(part))
    known.set(key, found)
    return found
  }
  return compactions.map((compaction) => {
    const facts = compaction.facts.filter(isFound)
    return {
      ...compaction,
      facts,
      factsLeftOut: compaction.factsLeftOut + compaction.facts.length - facts.length,
    }
  })
}
