import type { CallEntry, ConversationView, Entry, MessageEntry } from './conversation-view.ts'

/** The message with this id, if the view has it; it may be one that waits. */
export function findMessage(view: ConversationView, id: string): MessageEntry | undefined {
  const entry = view.entries.findLast((each) => each.kind === 'message' && each.id === id)
  return entry?.kind === 'message' ? entry : view.queue.find((each) => each.id === id)
}

/** The tool call with this id, if the view has it. */
export function findCall(view: ConversationView, id: string): CallEntry | undefined {
  const entry = view.entries.findLast((each) => each.kind === 'call' && each.id === id)
  return entry?.kind === 'call' ? entry : undefined
}

/** Replaces the entry of the same kind and id, or adds it at the end. */
export function putEntry(view: ConversationView, entry: Entry): ConversationView {
  const index = view.entries.findLastIndex((each) => isSame(each, entry))
  if (index === -1) return { ...view, entries: [...view.entries, entry] }
  return { ...view, entries: view.entries.with(index, entry) }
}

/** The view without this entry. */
export function dropEntry(view: ConversationView, entry: Entry): ConversationView {
  if (!view.entries.some((each) => isSame(each, entry))) return view
  return { ...view, entries: view.entries.filter((each) => !isSame(each, entry)) }
}

/** Whether both are about the same message, call or change. */
export function isSame(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.id === b.id
}
