import { ProblemError } from '../../client/problem-error.ts'
import { retryWhileUnavailable } from '../../client/retry-while-unavailable.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'

/** Messages that wait: lists, changes and withdraws them. */
export const queueCommand: ChatCommand = {
  usage: '[edit N TEXT | drop N]',
  help: 'lists what waits for its turn; changes or withdraws one',
  async run(context, rest) {
    const [, action = '', number = '', text = ''] = /^(\S*)\s*(\S*)\s*([^]*)$/.exec(rest) ?? []
    if (action === '') return listQueue(context)
    if (action === 'edit' && text !== '') return changeMessage(context, number, text)
    if (action === 'drop' && text === '') return changeMessage(context, number, undefined)
    context.say('Write /queue, /queue edit N TEXT, or /queue drop N.')
  },
}

function listQueue({ chat, say, listed }: ChatContext): void {
  const { queue } = chat.view
  listed.queue = queue
  if (queue.length === 0) say('Nothing waits.')
  for (const [index, { content }] of queue.entries()) say(`${index + 1}  ${toPlainLine(content.text)}`)
}

async function changeMessage(
  { chat, client, say, listed }: ChatContext,
  number: string,
  text: string | undefined,
): Promise<void> {
  const message = pickNumbered(listed.queue ?? chat.view.queue, number, say)
  const id = chat.conversationId
  if (!message || id === undefined) return
  try {
    if (text === undefined) await retryWhileUnavailable(() => client.withdrawMessage(id, message.id))
    else await retryWhileUnavailable(() => client.editMessage(id, message.id, text))
    if (text !== undefined) say(`Changed: ${toPlainLine(text)}`)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'message_started') throw error
    say(`Too late: “${toPlainLine(message.content.text)}” does not wait any more.`)
  }
}
