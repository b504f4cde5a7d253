import type { ChatContext } from './chat-command.ts'

/** Does something with the conversation that is open; says so when there is none. */
export async function withOpen(
  { chat, say }: ChatContext,
  act: (conversationId: string) => Promise<void>,
): Promise<void> {
  if (chat.conversationId === undefined) return say('No conversation is open.')
  await act(chat.conversationId)
}
