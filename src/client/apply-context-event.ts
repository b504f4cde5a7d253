import type { Event } from '../contracts/event.ts'
import type { ContextEntry, ConversationView, Entry } from './conversation-view.ts'
import { isSame, putEntry } from './entry-list.ts'

type ContextEvent = Extract<Event, { type: `${'context' | 'messages'}.${string}` }>

/** What belongs to the conversation, and what of it the model is given. */
export function applyContextEvent(view: ConversationView, event: ContextEvent): ConversationView {
  switch (event.type) {
    case 'messages.superseded':
      return supersede(view, event)
    case 'messages.restored':
      return restore(view, event)
    case 'context.compacted': {
      const { summary, beforeMessageId, facts, tokensBefore, tokensAfter } = event
      return putEntry(withoutUsage(view), {
        ...entryOf(event),
        change: 'compacted',
        ...(beforeMessageId !== undefined && { beforeMessageId }),
        ...(summary !== undefined && { summary }),
        facts,
        tokensBefore,
        tokensAfter,
      })
    }
    case 'context.cleared':
      return clear(withoutUsage(view), { ...entryOf(event), change: 'cleared' })
  }
}

/** What the running turn has said is given to the model further on: the entry stands before it. */
function clear(view: ConversationView, entry: ContextEntry): ConversationView {
  const { turn, entries } = view
  const begin = entries.findIndex(({ kind, turnId }) => kind !== 'context' && turnId === turn?.turnId)
  if (turn === undefined || begin === -1) return putEntry(view, entry)
  return { ...view, entries: entries.toSpliced(begin, 0, entry) }
}

/** The entry that stands for an event about the context, if the view has it. */
export function findContextEntry(
  view: ConversationView,
  { seq }: Pick<ContextEvent, 'seq'>,
): ContextEntry | undefined {
  const entry = view.entries.findLast(({ kind, id }) => kind === 'context' && id === toEntryId(seq))
  return entry?.kind === 'context' ? entry : undefined
}

function toEntryId(seq: number): string {
  return `context.${seq}`
}

/** How full the window was is not how full it will be. */
function withoutUsage({ usage: _usage, ...view }: ConversationView): ConversationView {
  return view
}

function supersede(
  view: ConversationView,
  { messageIds, by }: { messageIds: readonly string[]; by: string },
): ConversationView {
  const gone = new Set(messageIds)
  const [edited = ''] = messageIds
  const edit = { edited, turnId: view.entries.find(({ id }) => id === edited)?.turnId, gone }
  const isGone = (entry: Entry) => gone.has(entry.id) || gone.has(messageOf(entry))
  const begin = view.entries.findIndex(isGone)
  const entries = view.entries.filter(
    (entry, index) => !isGone(entry) && (index < begin || isKept(entry, edit, view.superseded)),
  )
  const index = begin === -1 ? view.entries.length : begin
  return {
    ...view,
    entries: begin === -1 ? view.entries : entries,
    replaced: { by, index, entries: view.entries.slice(index) },
    queue: view.queue.filter(({ id }) => !gone.has(id)),
    superseded: [...view.superseded, ...messageIds],
  }
}

/** What came meanwhile stays behind it. A view that has not seen the edit lacks what it had taken away. */
function restore(
  view: ConversationView,
  { messageIds, by }: { messageIds: readonly string[]; by: string },
): ConversationView {
  const { replaced, ...rest } = view
  const back = new Set(messageIds)
  const restored = { ...rest, superseded: view.superseded.filter((id) => !back.has(id)) }
  if (replaced?.by !== by) return restored
  const { index, entries } = replaced
  const since = view.entries.slice(index)
  const before = entries.map((entry) => since.find((each) => isSame(each, entry)) ?? entry)
  const added = since.filter((each) => !entries.some((entry) => isSame(each, entry)))
  return { ...restored, entries: [...view.entries.slice(0, index), ...before, ...added] }
}

/** A call's result is a message with the id of the call, unless it was written elsewhere and read in. */
function messageOf(entry: Entry): string {
  return entry.kind === 'call' ? (entry.messageId ?? entry.id) : entry.id
}

type Edit = { edited: string; turnId: string | undefined; gone: ReadonlySet<string> }

/** What took messages away from the model goes with them; what ends before the edited one stays. */
function isKept(entry: Entry, { edited, turnId, gone }: Edit, goneBefore: readonly string[]): boolean {
  if (entry.kind !== 'context') return true
  if (entry.change === 'cleared') return false
  const { beforeMessageId: next } = entry
  // Behind what it sums up stands its own turn, if anything.
  if (next === undefined || goneBefore.includes(next))
    return entry.turnId !== undefined && entry.turnId === turnId
  return next === edited || !gone.has(next)
}

function entryOf({
  seq,
  ts,
  turnId,
}: ContextEvent): Pick<ContextEntry, 'kind' | 'id' | 'createdAt' | 'turnId'> {
  return { kind: 'context', id: toEntryId(seq), createdAt: ts, ...(turnId !== undefined && { turnId }) }
}
