import type { Key } from 'node:readline'
import type { Client } from '../client/create-client.ts'
import { Chat } from './chat.ts'
import { runChatCommand } from './chat-commands/run-chat-command.ts'
import { LineEditor } from './line-editor.ts'
import { LiveChatScreen } from './live-chat-screen.ts'
import { Narrator } from './narrator.ts'
import { createPalette } from './palette.ts'
import { onInterrupt } from './on-interrupt.ts'
import { PromptKeys } from './prompts/prompt-keys.ts'
import type { ChatOptions, ChatStreams } from './run-chat.ts'
import { isCommand, unescapeSlash } from './slash-line.ts'

/** With it a terminal says what is pasted, so that a paste never answers anything. */
const [pasteMarksOn, pasteMarksOff] = ['\u001b[?2004h', '\u001b[?2004l']

/** Runs a chat in a terminal; returns the conversation that was open when the user left. */
export async function runLiveChat(
  client: Client,
  { conversation, ...wish }: ChatOptions,
  { stdin, stdout, env }: ChatStreams,
): Promise<string | undefined> {
  const left = Promise.withResolvers<void>()
  const palette = createPalette(stdout, env)
  const end = left.resolve
  const key = (pressed: Key) => keys.press(pressed)
  const editor = new LineEditor(stdin, { line: onLine, interrupt, end, key, resumed })
  const screen = new LiveChatScreen({ stream: stdout, editor, palette, keysGoTo })
  const columns = () => screen.columns
  const narrator = new Narrator({ palette, columns, progressLines: false, userLines: true })
  const chat = new Chat({ client, screen, narrator, wish })
  const keys = new PromptKeys(chat.desk, editor)
  chat.onFailure = left.reject
  const say = (text: string) => screen.show(narrator.aside(text))
  const propose = (line: string) => editor.set(line)
  const context = { chat, client, say, leave: left.resolve, propose, listed: {} }
  const stopListening = onInterrupt(interrupt)

  function keysGoTo() {
    keys.sync()
    return keys.owner
  }

  function onLine(line: string): void {
    if (isCommand(line)) void runChatCommand(line, context)
    else void takeText(unescapeSlash(line))
  }

  async function takeText(text: string): Promise<void> {
    if (await keys.enter(text)) return
    if (text.trim() !== '') await chat.send(text.trim())
  }

  function interrupt(): void {
    if (chat.busy && !chat.stopping) return void chat.stop()
    if (!chat.busy && chat.desk.prompt) return chat.desk.putOff()
    if (!chat.busy && editor.text !== '') return editor.clear()
    left.resolve()
  }

  function resumed(): void {
    stdout.write(pasteMarksOn)
    screen.redraw()
  }

  try {
    stdout.write(pasteMarksOn)
    say('Perdura chat. Write a message; /help shows the commands.')
    if (conversation !== undefined) await chat.open(conversation)
    await left.promise
    return chat.conversationId
  } finally {
    stopListening()
    chat.close()
    editor.close()
    stdout.write(pasteMarksOff)
  }
}
