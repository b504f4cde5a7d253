import type { ContextEntry } from '../client/conversation-view.ts'
import { formatCount } from './format-count.ts'

/** What the model is given of what stands above, in one line. */
export function describeContext(entry: ContextEntry): string {
  if (entry.change === 'cleared') return '── cleared: the model is given nothing of what stands above'
  const { tokensBefore, tokensAfter, summary, facts } = entry
  const what = [
    ...(summary === undefined ? [] : ['a summary']),
    ...(facts.length === 0 ? [] : [facts.length === 1 ? 'one fact' : `${facts.length} facts`]),
  ]
  const became = what.length === 0 ? 'nothing' : what.join(' and ')
  const sizes = `${formatCount(tokensBefore)} → ${formatCount(tokensAfter)} tokens`
  return `── compacted (${sizes}): the model is given ${became} of the older part`
}
