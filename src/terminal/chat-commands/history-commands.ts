import type { HistoryStrategy } from '../../contracts/conversation.ts'
import { describeHistory } from '../describe-settings.ts'
import type { ChatCommand } from './chat-command.ts'
import { withOpen } from './with-open.ts'

/** Which part of the conversation the model is given from now on. */
export const historyCommand: ChatCommand = {
  usage: '[full|window N|summary|none]',
  help: 'what the model is given of the conversation; alone, says it',
  async run({ chat, say }, rest) {
    const { history } = chat.settings
    if (rest === '') return say(`History: ${history ? describeHistory(history) : 'as the server does it'}.`)
    const wanted = parseHistory(rest)
    if (!wanted) return say('Write /history full, /history window N, /history summary, or /history none.')
    await chat.change({ history: wanted })
    if (chat.conversationId === undefined)
      say(`The next conversation begins with history ${describeHistory(wanted)}.`)
  },
}

function parseHistory(text: string): HistoryStrategy | undefined {
  const [kind, window, ...more] = text.split(/\s+/)
  if (kind === 'window' && more.length === 0 && /^[1-9]\d{0,4}$/.test(window ?? ''))
    return { kind: 'slidingWindow', window: Number(window) }
  if (window !== undefined) return undefined
  return kind === 'full' || kind === 'summary' || kind === 'none' ? { kind } : undefined
}

export const compactCommand: ChatCommand = {
  usage: '',
  help: 'has the older part summed up now; its facts stay word for word',
  run: (context) =>
    withOpen(context, async (id) => {
      await context.client.compactConversation(id)
      context.say(`The older part will be summed up${context.chat.busy ? ', after what waits' : ''}.`)
    }),
}

export const clearCommand: ChatCommand = {
  usage: '[yes]',
  help: 'from then on the model is given nothing of what was said; it stays readable',
  run: (context, rest) =>
    withOpen(context, async (id) => {
      if (rest === 'yes') return context.client.clearContext(id)
      context.say('The model will be given nothing of what was said here so far, and that cannot be undone.')
      context.say('You can still read, search, fork and export it. /clear yes does it.')
    }),
}
