import type { Client } from '../client/create-client.ts'
import type { KeySource } from './line-editor.ts'
import type { TerminalStream } from './live-region.ts'
import { type ConversationWish, reopenConversation } from './open-conversation.ts'
import { runLiveChat } from './run-live-chat.ts'
import { runPlainChat } from './run-plain-chat.ts'

export type ChatOptions = ConversationWish & { conversation?: string }

export type ChatStreams = {
  stdin: KeySource
  stdout: TerminalStream
  stderr: TerminalStream
  env: Record<string, string | undefined>
}

/** Runs a chat until the user leaves. In a pipe, lines are answered one after the other. */
export async function runChat(client: Client, options: ChatOptions, streams: ChatStreams): Promise<void> {
  const { stdin, stdout, env } = streams
  const { conversation, ...wish } = options
  if (conversation !== undefined) await reopenConversation(client, conversation, wish)
  const live = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb'
  const conversationId = await (live ? runLiveChat : runPlainChat)(client, options, streams)
  if (conversationId === undefined) return
  streams.stderr.write(`Go on later with: perdura chat --conversation ${conversationId}\n`)
}
