import { createClient } from '../../src/client/create-client.ts'
import { type ChatOptions, runChat } from '../../src/terminal/run-chat.ts'
import { FakeTerminal } from './fake-terminal.ts'

export const keys = {
  enter: '\r',
  escape: '\u001b',
  up: '\u001b[A',
  down: '\u001b[B',
  ctrlC: '\u0003',
  ctrlU: '\u0015',
  ctrlX: '\u0018',
  ctrlD: '\u0004',
} as const

/** A chat in a fake terminal, against a server, as a new guest. */
export async function openChat({ url }: { url: string }, options: ChatOptions = {}, columns = 80) {
  const { token } = await createClient({ url }).loginAsGuest()
  const client = createClient({ url, token })
  const terminal = new FakeTerminal(columns)
  const { stdin, stdout } = terminal
  const stderr = Object.assign(new FakeTerminal().stdout, { isTTY: false })
  const ended = runChat(client, options, { stdin, stdout, stderr, env: { NO_COLOR: '1' } })
  await terminal.shows('Perdura chat.')
  return {
    client,
    terminal,
    type: (text: string) => terminal.type(text),
    shows: (text: string) => terminal.shows(text),
    hides: (text: string) => terminal.hides(text),
    /** Leaves the chat. */
    async close() {
      terminal.type(`${keys.ctrlU}${keys.ctrlD}`)
      await ended
    },
  }
}
