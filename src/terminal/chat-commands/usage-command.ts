import type { ConversationView } from '../../client/conversation-view.ts'
import { usageLines } from '../usage-lines.ts'
import type { ChatCommand } from './chat-command.ts'

/** What the turn, the conversation and its owner have used, and what is left. */
export const usageCommand: ChatCommand = {
  usage: '',
  help: 'tokens and cost of the turn, the conversation and today, and what is left',
  async run({ chat, client, say }) {
    const { conversationId } = chat
    const turnId = latestTurn(chat.view)
    const report = await client.getUsage({
      ...(conversationId !== undefined && { conversationId }),
      ...(conversationId !== undefined && turnId !== undefined && { turnId }),
    })
    for (const line of usageLines(report)) say(line)
  },
}

function latestTurn({ turn, turnUsage, entries }: ConversationView): string | undefined {
  return turn?.turnId ?? turnUsage?.turnId ?? entries.findLast(({ turnId }) => turnId !== undefined)?.turnId
}
