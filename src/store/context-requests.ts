/** What an owner asks for about what the model is given. */
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toEventRowsJson } from './log-answer.ts'
import { noConversation } from './no-conversation.ts'
import { publishNotice } from './publish-notice.ts'
import { tooManyTurns } from './too-many-turns.ts'

/** A compaction that is asked for, as its workflow is to be told. */
export type AskedCompaction = {
  /** Its place among the messages that wait. */
  position: number
  /** Turns so far. */
  turns: number
  model: string
}

/**
 * Gives a compaction its place. Nothing is written: it is asked for when its workflow has been told.
 * @throws AppError `not_found`, `too_many_turns`
 */
export async function askCompaction(
  database: Database,
  { conversationId, owner, turnLimit }: { conversationId: ConversationId; owner: OwnerId; turnLimit: number },
): Promise<AskedCompaction> {
  const answer = await database.call<
    ({ outcome: 'accepted' } & AskedCompaction) | { outcome: 'crowded' | 'missing' }
  >('ask_compaction', [conversationId, owner, turnLimit])
  switch (answer.outcome) {
    case 'accepted': {
      const { position, turns, model } = answer
      return { position, turns, model }
    }
    case 'missing':
      throw noConversation(conversationId)
    case 'crowded':
      throw tooManyTurns(turnLimit)
  }
}

/**
 * Lets the model forget what stands in finished turns, from the next turn on. Where there is nothing to forget,
 * nothing happens.
 * @throws AppError `not_found`
 */
export async function clearContext(
  database: Database,
  owner: OwnerId,
  conversationId: ConversationId,
): Promise<void> {
  const events = toEventRowsJson([{ key: null, turnId: null, body: { type: 'context.cleared' } }])
  const { outcome, log } = await database.call<{
    outcome: 'cleared' | 'empty' | 'missing'
    log?: LogAnswer
  }>('clear_context', [conversationId, owner, events])
  if (outcome === 'missing') throw noConversation(conversationId)
  publishNotice(database, conversationId, log, events)
}
