import { afterEach, beforeEach } from 'vitest'
import { type FakeServer, startFakeServer } from '../../client/fake-server.ts'
import type { FakeConversation } from '../../client/fake-conversation.ts'
import { formatCount } from '../../../src/terminal/format-count.ts'
import { openChat } from '../open-chat.ts'

type OpenChat = Awaited<ReturnType<typeof openChat>>

/** A chat in a fake terminal for each test of a file. */
export function useChat(columns = 80) {
  let server: FakeServer | undefined
  let chat: OpenChat | undefined
  beforeEach(async () => {
    server = await startFakeServer()
    chat = await openChat(server, {}, columns)
  })
  afterEach(async () => {
    await chat?.close()
    await server?.close()
  })
  const current = () => {
    if (!server || !chat) throw new Error('There is a chat while a test runs.')
    return { server, chat }
  }
  return {
    get server(): FakeServer {
      return current().server
    },
    get terminal(): OpenChat['terminal'] {
      return current().chat.terminal
    },
    get screen(): string {
      return current().chat.terminal.screen
    },
    type: (keys: string) => current().chat.type(keys),
    hides: (text: string) => current().chat.hides(text),
    talk(id = 'c1'): FakeConversation {
      const talk = current().server.talk(id)
      if (!talk) throw new Error(`There is no conversation ${id}.`)
      return talk
    },
    /** Resolves when the chat has seen the end of so many turns, by the usage below the input line. */
    async answered(turns: number): Promise<void> {
      await current().chat.shows(`· ${formatCount(1_234 * turns)} of 128k tokens`)
    },
    /** Types a line and waits for its effect. */
    async run(line: string, shown: string): Promise<void> {
      current().chat.type(`${line}\r`)
      await current().chat.shows(shown)
    },
  }
}
