import type { ChatContext } from './chat-command.ts'

/** Does something with the conversation that is open; says so when there is none. */
export async function withOpen(
  { chat, say }: ChatContext,
  act: (conversationId: string) => Promise<void>,
): Promise<void> {
  const id = await chat.readConversationId()
  if (id === undefined) return say('No conversation is open.')
  await act(id)
}
