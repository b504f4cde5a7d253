import type { CallEntry } from '../../client/conversation-view.ts'
import { isRunning } from '../chat-rows.ts'
import { toPlainLine } from '../text-filter.ts'
import { describeProgress } from '../tool-row.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'

/** Background calls of the open conversation: lists them. */
export const callsCommand: ChatCommand = {
  usage: '',
  help: 'lists the calls that go on in the background',
  run({ chat, say, listed }) {
    const calls = listBackgroundCalls(chat)
    listed.calls = calls
    if (calls.length === 0) say('Nothing goes on in the background.')
    for (const [index, call] of calls.entries()) {
      const parts = [call.title, describeProgress(call), call.id].filter((part) => part !== '')
      say(`${index + 1}  ${toPlainLine(parts.join(' · '))}`)
    }
  },
}

/** Oldest first. */
export function listBackgroundCalls({ view }: ChatContext['chat']): CallEntry[] {
  return view.entries.filter((entry) => isRunning(entry)).filter(({ background }) => background)
}
