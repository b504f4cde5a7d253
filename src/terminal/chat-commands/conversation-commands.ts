import { conversationLine } from '../list-conversations.ts'
import type { ChatCommand } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'
import { withOpen } from './with-open.ts'

/** Which conversation is open. */
export const newCommand: ChatCommand = {
  usage: '',
  help: 'begins a new conversation',
  run({ chat, say }) {
    chat.begin()
    say('A new conversation begins with your next message.')
  },
}

export const listCommand: ChatCommand = {
  usage: '',
  help: 'lists your conversations',
  async run({ client, say, listed }) {
    const { conversations, nextCursor } = await client.listConversations()
    listed.conversations = conversations
    if (conversations.length === 0) say('There are no conversations yet.')
    for (const [index, each] of conversations.entries()) say(`${index + 1}  ${conversationLine(each)}`)
    if (nextCursor) say('(older ones are not shown)')
  },
}

export const openCommand: ChatCommand = {
  usage: 'N',
  help: 'opens a conversation of the list, or the one with this id',
  async run({ chat, client, say, listed }, rest) {
    if (/\D/.test(rest)) return chat.open(rest)
    const known = listed.conversations ?? (await client.listConversations()).conversations
    const conversation = pickNumbered(known, rest, say)
    if (conversation) await chat.open(conversation.id)
  },
}

/** Begins the workflow of the open conversation anew, if it cannot go on. */
export const resetCommand: ChatCommand = {
  usage: '',
  help: 'makes a stalled conversation go on: its turn ends, what waits is answered',
  run: (context) =>
    withOpen(context, async (id) => {
      await context.client.resetConversation(id)
      context.say('Its workflow begins anew.')
    }),
}
