import type { BusyPolicy } from '../../contracts/conversation.ts'
import { retryWhileUnavailable } from '../../client/retry-while-unavailable.ts'
import { toPlainLine } from '../text-filter.ts'
import { listBackgroundCalls } from './calls-command.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'

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
  usage: '[CALL]',
  help: 'stops the turn (also Ctrl-C), or a call of /calls',
  run(context, rest) {
    if (rest !== '') return stopCall(context, rest)
    return context.chat.busy ? context.chat.stop() : context.say('Nothing runs.')
  },
}

/** By its number in the list that was shown, or by its id. */
async function stopCall({ chat, client, say, listed }: ChatContext, wanted: string): Promise<void> {
  const calls = listed.calls ?? listBackgroundCalls(chat)
  const call = calls.find(({ id }) => id === wanted) ?? pickNumbered(calls, wanted, say)
  const id = chat.conversationId
  if (!call || id === undefined) return
  const { callId } = await retryWhileUnavailable(() => client.cancelCall(id, call.id))
  if (callId === undefined) say(`${toPlainLine(call.title)} does not run any more.`)
}
