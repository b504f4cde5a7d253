import type { ConversationView } from './conversation-view.ts'

/** Whether everything that was asked is answered: no turn runs, and no message waits for one. */
export function isSettled({ turn, queue, entries }: ConversationView): boolean {
  if (turn !== undefined || queue.length > 0) return false
  return !entries.some((each) => each.kind === 'message' && each.role === 'user' && each.state === 'received')
}
