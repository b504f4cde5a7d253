import type { ModelEntry } from '../../client/api-answers.ts'
import type { CallEntry, MessageEntry } from '../../client/conversation-view.ts'
import type { Client } from '../../client/create-client.ts'
import type { ConversationHit } from '../../contracts/conversation.ts'
import type { MemoryEntry } from '../../contracts/memory.ts'
import type { HumanRequest } from '../../contracts/human-request.ts'
import type { Grant } from '../../contracts/permission.ts'
import type { Chat } from '../chat.ts'

/** What a line that begins with a slash can do in a chat. */
export type ChatContext = {
  chat: Chat
  client: Client
  say: (text: string) => void
  leave: () => void
  /** Puts a line where the user types, to be changed and entered; absent where nobody types. */
  propose?: (line: string) => void
  listed: ListedThings
}

/** What numbers mean: the latest list that was shown, not what has moved up since. */
export type ListedThings = {
  queue?: readonly MessageEntry[]
  calls?: readonly CallEntry[]
  requests?: readonly HumanRequest[]
  grants?: readonly Grant[]
  conversations?: readonly ConversationHit[]
  models?: readonly ModelEntry[]
  memoryEntries?: readonly MemoryEntry[]
}

export type ChatCommand = {
  /** What follows the name. */
  usage: string
  help: string
  /** `rest` is what follows the name, without spaces around it. */
  run: (context: ChatContext, rest: string) => Promise<void> | void
}
