import { createHash, randomUUID } from 'node:crypto'

import type { ConversationId, MessageId } from '../contracts/ids.ts'

/** The same client id in the same conversation is the same message; without one, every post is a new one. */
export function createMessageId(conversationId: ConversationId, clientId: string | undefined): MessageId {
  if (clientId === undefined) return `m_${randomUUID()}`
  return `m_${createHash('sha256').update(`${conversationId}\n${clientId}`).digest('base64url').slice(0, 27)}`
}
