import { randomUUID } from 'node:crypto'
import type { Client } from '../client/create-client.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import { type ConversationWish, createConversation, reopenConversation } from './open-conversation.ts'

export type QuestionOptions = ConversationWish & {
  /** Absent: a new conversation. */
  conversation?: string
}

/** A question that the server has, and where its events begin. */
export type AskedQuestion = {
  conversationId: string
  messageId: string
  /** Cursor from before the question. */
  after: number
  /** Nobody else asks in this conversation. */
  alone: boolean
  queued: boolean
}

/** Posts a question durably, into a new conversation or an existing one. */
export async function postQuestion(
  client: Client,
  text: string,
  { conversation, ...wish }: QuestionOptions,
): Promise<AskedQuestion> {
  const { id: conversationId, lastSeq: after } =
    conversation === undefined
      ? await createConversation(client, wish)
      : await reopenConversation(client, conversation, wish)
  const message = { text, clientMessageId: randomUUID() }
  const { messageId, state } = await retryWhileUnavailable(() => client.postMessage(conversationId, message))
  return { conversationId, messageId, after, alone: conversation === undefined, queued: state === 'queued' }
}
