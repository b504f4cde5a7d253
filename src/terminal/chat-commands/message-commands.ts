import type { BusyPolicy } from '../../contracts/conversation.ts'
import type { ChatCommand } from './chat-command.ts'

/** One message with a policy of its own, whatever the conversation's is. */
function createMessageCommand(busyPolicy: BusyPolicy, help: string): ChatCommand {
  return {
    usage: 'TEXT',
    help,
    run: ({ chat, say }, rest) =>
      rest === '' ? say('Write the message behind the command.') : chat.send(rest, { busyPolicy }),
  }
}

export const nowCommand = createMessageCommand('interrupt', 'stops the turn and is answered next')
export const steerCommand = createMessageCommand('steer', 'joins the turn before its next model call')
export const afterCommand = createMessageCommand('queue', 'waits for the end of the turn')

export const stopCommand: ChatCommand = {
  usage: '',
  help: 'stops the turn (also Ctrl-C)',
  run: ({ chat, say }) => (chat.busy ? chat.stop() : say('Nothing runs.')),
}
