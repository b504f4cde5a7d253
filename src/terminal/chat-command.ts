import type { Client } from '../client/create-client.ts'
import type { Chat } from './chat.ts'
import { conversationLines } from './list-conversations.ts'

/** What a line that begins with a slash can do in a chat. */
export type ChatCommandContext = {
  chat: Chat
  client: Client
  say: (text: string) => void
  leave: () => void
}

type ChatCommand = { help: string; run: (context: ChatCommandContext) => Promise<void> | void }

const chatCommands: Record<string, ChatCommand> = {
  help: { help: 'shows this', run: ({ say }) => helpLines().forEach(say) },
  new: {
    help: 'begins a new conversation',
    run: ({ chat, say }) => {
      chat.reset()
      say('A new conversation begins with your next message.')
    },
  },
  list: {
    help: 'lists your conversations',
    run: async ({ client, say }) => (await conversationLines(client)).forEach(say),
  },
  exit: { help: 'leaves; a running turn goes on (also Ctrl-D)', run: ({ leave }) => leave() },
}

/** Runs a slash command; unknown ones are explained, never sent to the model. */
export async function runChatCommand(input: string, context: ChatCommandContext): Promise<void> {
  const name = input.slice(1).trim().split(/\s+/)[0] ?? ''
  const command = Object.hasOwn(chatCommands, name) ? chatCommands[name] : undefined
  if (command) return command.run(context)
  context.say(`There is no command /${name}. /help shows what there is.`)
}

function helpLines(): string[] {
  const commands = Object.entries(chatCommands).map(([name, { help }]) => `  /${name.padEnd(6)} ${help}`)
  return [...commands, '  Ctrl-C  stops the turn; a second one, or one when nothing runs, leaves']
}
