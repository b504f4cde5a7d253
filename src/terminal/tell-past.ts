import type { ConversationView, Entry } from '../client/conversation-view.ts'
import { isRunning } from './chat-rows.ts'
import type { Narration, Narrator } from './narrator.ts'
import { stalledRemark } from './stalled-remark.ts'

/** How many entries a chat shows of what was said before. */
const shownEntries = 12

/** The last messages of a conversation that is opened again, the half-written answer included. */
export function tellPast(view: ConversationView, narrator: Narrator): Narration[] {
  const hidden = Math.max(0, view.entries.length - shownEntries)
  const title = view.conversation?.title ?? ''
  const earlier =
    view.olderMessages !== undefined
      ? ['(earlier messages are not shown)']
      : hidden > 0
        ? [`(${hidden} earlier entries are not shown)`]
        : []
  return [
    ...[title, ...earlier].filter((text) => text !== '').map((text) => narrator.remark(text)),
    ...view.entries.slice(hidden).flatMap((entry) => tellEntry(entry, narrator)),
    ...(view.conversation?.stalled ? [narrator.remark(stalledRemark)] : []),
  ]
}

function tellEntry(entry: Entry, narrator: Narrator): Narration[] {
  if (entry.kind === 'call') return isRunning(entry) ? [] : narrator.tellEndedCall(entry)
  if (entry.kind === 'context') return narrator.tellContext(entry)
  if (entry.role === 'assistant') return narrator.tellAnswer(entry)
  // A message whose turn has not begun is told when it does; one that was taken back was never said.
  return entry.state === 'received' || entry.state === 'withdrawn' ? [] : narrator.tellMessage(entry)
}
