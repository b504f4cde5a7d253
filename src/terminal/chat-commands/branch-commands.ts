import { randomUUID } from 'node:crypto'
import { retryWhileUnavailable } from '../../client/retry-while-unavailable.ts'
import type { ConversationView, MessageEntry } from '../../client/conversation-view.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { findModel } from './find-model.ts'
import { pickNumbered } from './pick-numbered.ts'
import { withOpen } from './with-open.ts'

/** A conversation of its own from some message on. */
export const forkCommand: ChatCommand = {
  usage: '[N]',
  help: 'goes on in a copy that ends with the last message, or the Nth from the end',
  run: (context, rest) =>
    withOpen(context, async (id) => {
      const { chat, client, say } = context
      const message = pickNumbered(latestMessages(chat.view), rest === '' ? '1' : rest, say)
      if (!message) return
      const key = randomUUID()
      const fork = await retryWhileUnavailable(() => client.forkConversation(id, message.id, key))
      say(`Forked behind “${beginningOf(message)}”. The original is ${id}.`)
      await chat.open(fork.id)
    }),
}

/** Another text in the place of one of the user's own messages. */
export const editCommand: ChatCommand = {
  usage: '[N] [TEXT]',
  help: 'changes your last message, or the Nth from the end, and has it answered anew',
  run: (context, rest) =>
    withOpen(context, async () => {
      const [, number = '1', text = ''] = /^(?:(\d+)(?:\s+|$))?([^]*)$/.exec(rest) ?? []
      const { chat, say } = context
      const message = pickNumbered(ownMessages(chat.view), number, say)
      if (!message) return
      if (text !== '') await chat.regenerate(message, { text })
      else proposeEdit(context, number, message)
    }),
}

/** The last answer once more, by another model if one is named. */
export const againCommand: ChatCommand = {
  usage: '[MODEL]',
  help: 'has your last message answered anew, by another model if you like',
  run: (context, name) =>
    withOpen(context, async () => {
      const { chat, say } = context
      const message = pickNumbered(ownMessages(chat.view), '1', say)
      const model = name === '' ? undefined : await findModel(context, name)
      if (!message || (name !== '' && model === undefined)) return
      await chat.regenerate(message, model === undefined ? {} : { model })
    }),
}

/** Where nobody can change a line, the command with the text is what they need. */
function proposeEdit({ propose, say }: ChatContext, number: string, message: MessageEntry): void {
  // The line that is typed is one line.
  const line = `/edit ${number} ${toPlainLine(message.content.text)}`
  if (propose) propose(line)
  else say(`Write it anew: ${line}`)
}

/** What has been said, last one first. */
function latestMessages({ entries }: ConversationView): MessageEntry[] {
  const said = entries.filter((entry) => entry.kind === 'message')
  return said.filter(({ role, state }) => role !== 'note' && state === 'done').toReversed()
}

function ownMessages(view: ConversationView): MessageEntry[] {
  return latestMessages(view).filter(({ role }) => role === 'user')
}

function beginningOf({ content }: MessageEntry): string {
  const text = toPlainLine(content.text)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
