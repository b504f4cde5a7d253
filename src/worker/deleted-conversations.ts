import type { Logger } from '../ops/logger.ts'
import type { Database } from '../store/database.ts'
import { forgetDeletion, listDeletions } from '../store/deletions.ts'
import type { ConversationWorkflows } from '../temporal/conversation-workflows.ts'
import { repeat } from './repeat.ts'

export type DeletedConversationsOptions = {
  database: Database
  workflows: Pick<ConversationWorkflows, 'remove'>
  logger: Logger
  /** Between two looks; default 20 s. */
  pauseMs?: number
  /** How long ago a conversation was deleted, so that the server lists all of its runs; default 1 minute. */
  ageMs?: number
}

const limit = 50
/** With the server away every one fails, each after its whole time. */
const failureLimit = 3

/**
 * Removes what is left of the workflows of deleted conversations: an api that died, a server that was away, a run
 * that was not listed yet, or that a message of the last moment began. Every worker may do it: removing twice does
 * no harm. Returns the function that ends it.
 */
export function clearDeletedConversations(options: DeletedConversationsOptions): () => Promise<void> {
  const { pauseMs = 20_000, logger } = options
  const failure = 'workflows of deleted conversations are still there'
  return repeat((signal) => clearAll(options, signal), { pauseMs, failure, logger })
}

async function clearAll(
  { database, workflows, ageMs = 60_000 }: DeletedConversationsOptions,
  signal: AbortSignal,
): Promise<void> {
  const failures: unknown[] = []
  for (const id of await listDeletions(database, { ageMs, limit })) {
    if (signal.aborted || failures.length >= failureLimit) break
    await workflows
      .remove(id)
      .then(() => forgetDeletion(database, id))
      .catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}
