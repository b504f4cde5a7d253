import { randomUUID } from 'node:crypto'
import type { Client } from '../client/create-client.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import type { ConversationState } from '../contracts/conversation.ts'
import type { HumanRequest } from '../contracts/human-request.ts'
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
  /** It stops the turn that runs, instead of waiting for it. */
  interrupts: boolean
  /** The conversation cannot go on by itself. */
  stalled: boolean
  /** What stands before it when it is queued. */
  behind: { state: ConversationState; requests: readonly HumanRequest[] }
}

/** Posts a question durably, into a new conversation or an existing one. */
export async function postQuestion(
  client: Client,
  text: string,
  { conversation, ...wish }: QuestionOptions,
): Promise<AskedQuestion> {
  const {
    id: conversationId,
    lastSeq: after,
    busyPolicy,
    stalled,
  } = conversation === undefined
    ? await createConversation(client, wish)
    : await reopenConversation(client, conversation, wish)
  const message = { text, clientMessageId: randomUUID() }
  const { messageId, state } = await retryWhileUnavailable(() => client.postMessage(conversationId, message))
  const queued = state === 'queued'
  return {
    conversationId,
    messageId,
    after,
    alone: conversation === undefined,
    queued,
    interrupts: busyPolicy === 'interrupt',
    stalled,
    behind: queued ? await readState(client, conversationId) : { state: 'idle', requests: [] },
  }
}

async function readState(client: Client, conversationId: string): Promise<AskedQuestion['behind']> {
  const snapshot = await retryWhileUnavailable(() => client.getConversation(conversationId))
  return { state: snapshot.conversation.state, requests: snapshot.openRequests }
}
