import type { ConversationView } from '../client/conversation-view.ts'
import type { ChatStatus } from './chat-rows.ts'
import type { Narration } from './narrator.ts'

/** Where a chat is shown. */
export interface ChatScreen {
  readonly columns: number
  /** Must show narrations in order; never drops one. */
  show(narration: Narration): void
  /** What stands now: may be called at any time and any number of times. */
  refresh(view: ConversationView, status: ChatStatus): void
  /** Must leave the terminal as it was. */
  close(): void
}
