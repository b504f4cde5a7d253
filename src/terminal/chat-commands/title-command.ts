import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand } from './chat-command.ts'

/** The title of the conversation; one that a person has given is never changed by the program. */
export const titleCommand: ChatCommand = {
  usage: '[TEXT]',
  help: 'renames the conversation; alone, says its title',
  async run({ chat, say }, title) {
    if (title === '') return say(`Title: ${toPlainLine(chat.settings.title ?? 'none yet')}`)
    await chat.change({ title })
    if (chat.conversationId === undefined) say('The next conversation begins with this title.')
  },
}
