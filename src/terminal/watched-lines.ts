import type { WatchedConversation, WatchedPage } from '../contracts/watched-conversation.ts'
import { toPlainLine } from './text-filter.ts'

/** Conversations that an operator looks at, one to a line: id, owner, since when, and what keeps it. */
export function watchedLines({ conversations, nextCursor }: WatchedPage): string[] {
  if (conversations.length === 0) return ['There are none.']
  return [...conversations.map(watchedLine), ...(nextCursor === null ? [] : ['(more are not shown)'])]
}

function watchedLine({ id, owner, since, stalled, waitsFor, queued }: WatchedConversation): string {
  const time = since.slice(0, 16).replace('T', ' ')
  const wishes = waitsFor.map(({ kind, tools }) => [kind, ...tools].join(' '))
  const what = [
    ...(stalled ? ['stalled'] : []),
    ...(wishes.length === 0 ? [] : [`waits for ${wishes.join(', ')}`]),
    ...(queued === 0 ? [] : [`${queued} queued`]),
  ]
  return `${id}  ${owner}  ${time}  ${toPlainLine(what.join('; '))}`
}
