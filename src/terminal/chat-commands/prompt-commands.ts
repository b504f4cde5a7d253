import type { ChatCommand } from './chat-command.ts'

const nothing = 'You are not being asked anything.'

/** What keys do in a terminal, for those who answer by lines. */
export const laterCommand: ChatCommand = {
  usage: '',
  help: 'leaves what you are asked open',
  run: ({ chat, say }) => (chat.desk.prompt ? chat.desk.putOff() : say(nothing)),
}

export const backCommand: ChatCommand = {
  usage: '',
  help: 'goes back to the question before (also Esc)',
  run({ chat, say }) {
    if (!chat.desk.back()) say(nothing)
  },
}

export const declineCommand: ChatCommand = {
  usage: '',
  help: 'declines to answer a question (also Ctrl-X)',
  async run({ chat, say }) {
    if (!(await chat.desk.decline())) say('There is no question to decline.')
  },
}
