import { AppError } from '../contracts/errors.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'

/** What every way to make a conversation is told. */
export type Creation = {
  id: ConversationId
  owner: OwnerId
  /** Conversations that the owner may have; undefined: any number. */
  limit: number | undefined
  /** `Idempotency-Key` of the request with a hash of its body. */
  idempotency: { key: string; requestHash: string } | undefined
}

export type CreationAnswer = { outcome: 'created' | 'found' | 'conflict' | 'full'; id: ConversationId }

/** Reads what became of a creation. @throws AppError `conflict`, `too_many_conversations` */
export function toCreated(
  { outcome, id }: CreationAnswer,
  limit: number | undefined,
): { created: boolean; id: ConversationId } {
  if (outcome === 'conflict') {
    throw new AppError('conflict', 'This Idempotency-Key was used with another body. Use a new key.')
  }
  if (outcome === 'full') {
    throw new AppError(
      'too_many_conversations',
      `A guest may have ${limit} conversations. Delete one, or go on in one.`,
      { retryAfterMs: 60_000 },
    )
  }
  return { created: outcome === 'created', id }
}
