import { createInterface } from 'node:readline'
import type { Client } from '../client/create-client.ts'
import { Chat } from './chat.ts'
import { runChatCommand } from './chat-commands/run-chat-command.ts'
import { Narrator } from './narrator.ts'
import { createPalette } from './palette.ts'
import { PlainChatScreen } from './plain-chat-screen.ts'
import { onInterrupt } from './on-interrupt.ts'
import type { ChatOptions, ChatStreams } from './run-chat.ts'
import { isCommand, unescapeSlash } from './slash-line.ts'

/** Runs a chat line by line, each answered before the next is read; ends with the input. */
export async function runPlainChat(
  client: Client,
  { conversation, ...wish }: ChatOptions,
  { stdin, stdout, env }: ChatStreams,
): Promise<string | undefined> {
  const left = Promise.withResolvers<void>()
  const palette = createPalette(stdout, env)
  const screen = new PlainChatScreen(stdout, palette)
  const columns = () => screen.columns
  const narrator = new Narrator({ palette, columns, progressLines: true, userLines: true })
  const chat = new Chat({ client, screen, narrator, wish })
  chat.onFailure = left.reject
  const reading = new AbortController()
  const say = (text: string) => screen.show(narrator.aside(text))
  const context = { chat, client, say, leave: () => left.resolve(), listed: {} }
  const stopListening = onInterrupt(() => (chat.busy && !chat.stopping ? void chat.stop() : left.resolve()))

  async function answerLines(): Promise<void> {
    if (conversation !== undefined) await chat.open(conversation)
    await chat.settled()
    // Made only now: lines that come before anybody iterates are lost.
    for await (const line of createInterface({ input: stdin, signal: reading.signal })) {
      await takeLine(line)
      await chat.settled()
    }
    if (chat.desk.waiting) say('It goes on when somebody answers.')
  }

  async function takeLine(line: string): Promise<void> {
    if (isCommand(line)) return runChatCommand(line, context)
    const text = unescapeSlash(line)
    if (chat.desk.prompt) {
      // A script that meant an answer must not send it to the model.
      if (!(await chat.desk.enter(text))) say('That is no answer. /later leaves it open.')
      return
    }
    if (text.trim() !== '') await chat.send(text.trim())
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
