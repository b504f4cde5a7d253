import { createInterface } from 'node:readline'
import type { Client } from '../client/create-client.ts'
import { Chat } from './chat.ts'
import { runChatCommand } from './chat-command.ts'
import { Narrator } from './narrator.ts'
import { createPalette } from './palette.ts'
import { PlainChatScreen } from './plain-chat-screen.ts'
import { onInterrupt } from './on-interrupt.ts'
import type { ChatOptions, ChatStreams } from './run-chat.ts'

/** Runs a chat line by line, each answered before the next is read; ends with the input. */
export async function runPlainChat(
  client: Client,
  { conversation, ...wish }: ChatOptions,
  { stdin, stdout, env }: ChatStreams,
): Promise<string | undefined> {
  const left = Promise.withResolvers<void>()
  const palette = createPalette(stdout, env)
  const screen = new PlainChatScreen(stdout)
  const columns = () => screen.columns
  const narrator = new Narrator({ palette, columns, progressLines: true, userLines: true })
  const chat = new Chat({ client, screen, narrator, wish })
  chat.onFailure = left.reject
  const reading = new AbortController()
  const context = {
    chat,
    client,
    say: (text: string) => screen.show({ kind: 'line', text: palette.dim(text) }),
    leave: () => left.resolve(),
  }
  const stopListening = onInterrupt(() => (chat.busy && !chat.stopping ? void chat.stop() : left.resolve()))

  async function answerLines(): Promise<void> {
    if (conversation !== undefined) await chat.open(conversation)
    await chat.settled()
    // Made only now: lines that come before anybody iterates are lost.
    for await (const line of createInterface({ input: stdin, signal: reading.signal })) {
      const text = line.trim()
      if (text.startsWith('/')) await runChatCommand(text, context)
      else if (text !== '') await chat.send(text)
      await chat.settled()
    }
  }

  try {
    await Promise.race([answerLines(), left.promise])
    return chat.conversationId
  } finally {
    stopListening()
    reading.abort()
    chat.close()
  }
}
