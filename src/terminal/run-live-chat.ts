import type { Client } from '../client/create-client.ts'
import { Chat } from './chat.ts'
import { runChatCommand } from './chat-command.ts'
import { LineEditor } from './line-editor.ts'
import { LiveChatScreen } from './live-chat-screen.ts'
import { Narrator } from './narrator.ts'
import { createPalette } from './palette.ts'
import { onInterrupt } from './on-interrupt.ts'
import type { ChatOptions, ChatStreams } from './run-chat.ts'

/** Runs a chat in a terminal; returns the conversation that was open when the user left. */
export async function runLiveChat(
  client: Client,
  { conversation, ...wish }: ChatOptions,
  { stdin, stdout, env }: ChatStreams,
): Promise<string | undefined> {
  const left = Promise.withResolvers<void>()
  const palette = createPalette(stdout, env)
  const editor = new LineEditor(stdin, { line: onLine, interrupt, end: left.resolve })
  const screen = new LiveChatScreen(stdout, editor, palette)
  const columns = () => screen.columns
  const narrator = new Narrator({ palette, columns, progressLines: false, userLines: true })
  const chat = new Chat({ client, screen, narrator, wish })
  chat.onFailure = left.reject
  const say = (text: string) => screen.show({ kind: 'line', text: palette.dim(text) })
  const context = { chat, client, say, leave: left.resolve }
  let commands = Promise.resolve()
  const stopListening = onInterrupt(interrupt)

  function onLine(line: string): void {
    const text = line.trim()
    if (text === '') return
    if (!text.startsWith('/')) return void chat.send(text)
    const failed = (error: unknown) => say(error instanceof Error ? error.message : String(error))
    commands = commands.then(() => runChatCommand(text, context)).catch(failed)
  }

  function interrupt(): void {
    if (chat.busy && !chat.stopping) return void chat.stop()
    if (!chat.busy && editor.text !== '') return editor.clear()
    left.resolve()
  }

  try {
    say('Perdura chat. Write a message; /help shows the commands.')
    if (conversation !== undefined) await chat.open(conversation)
    await left.promise
    return chat.conversationId
  } finally {
    stopListening()
    chat.close()
    editor.close()
  }
}
