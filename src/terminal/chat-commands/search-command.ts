import { searchLines } from '../list-conversations.ts'
import type { ChatCommand } from './chat-command.ts'

/** Finds conversations by their titles and by what was said in them. */
export const searchCommand: ChatCommand = {
  usage: 'TEXT',
  help: 'searches your conversations; /open N opens one of those it finds',
  async run({ client, say, listed }, q) {
    if (q === '') return say('Write what you look for behind the command.')
    const { conversations, nextCursor } = await client.listConversations({ q })
    listed.conversations = conversations
    if (conversations.length === 0) say('Nothing was found.')
    for (const [index, each] of conversations.entries()) {
      for (const [row, line] of searchLines(each).entries()) say(`${row === 0 ? index + 1 : ' '}  ${line}`)
    }
    if (nextCursor) say('(more were found: say it more exactly)')
  },
}
