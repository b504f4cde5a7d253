import type { ConversationId } from '../contracts/ids.ts'
import type { Database } from './database.ts'

/** How long what can be done without is kept. Undefined: for ever. */
export type Retention = {
  /** Events of one conversation. */
  events: number | undefined
  eventDays: number | undefined
  /** Answered questions and permissions. */
  requestDays: number | undefined
  /** The text of large results. */
  resultDays: number | undefined
  /** Runs of one workflow that have continued as new. */
  runs: number | undefined
}

/**
 * Conversations to be swept. Of the `long` ones among them, a run of the workflow may have continued as new since
 * they were last named so. `ended` when they are the last ones of the way through all.
 */
export type Unswept = { ids: ConversationId[]; long: ConversationId[]; ended: boolean }

/** Takes the next conversations to be swept. Null while another process takes some, and between two ways. */
export function takeUnswept(
  database: Database,
  { limit, restMs }: { limit: number; restMs: number },
): Promise<Unswept | null> {
  return database.call('take_unswept', [limit, restMs])
}

/**
 * Removes what is kept no longer of one conversation, at most `batch` rows of each kind. Its messages stay, and
 * everything of its latest turn. Answers whether there may be more to remove.
 */
export function sweepConversation(
  database: Database,
  id: ConversationId,
  { retention, batch }: { retention: Retention; batch: number },
): Promise<boolean> {
  const { events, eventDays, requestDays } = retention
  return database.call('sweep_conversation', [
    id,
    events ?? null,
    eventDays ?? null,
    requestDays ?? null,
    batch,
  ])
}

/** Removes what has run out and belongs to no conversation: login tokens, idempotency keys, rate limits. */
export async function sweepExpired(database: Database, batch: number): Promise<void> {
  await database.call('sweep_expired', [batch])
}

/** Removes the text of large results that are older, at most `limit` of them. Answers how many there were. */
export function removeLargeResults(database: Database, before: Date, limit: number): Promise<number> {
  return database.call('remove_large_results', [before, limit])
}
