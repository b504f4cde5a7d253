import type { Connection, WorkflowClient } from '@temporalio/client'

import type { Logger } from '../ops/logger.ts'
import { redactText } from '../ops/redact.ts'
import type { Database } from '../store/database.ts'
import { markStalled, type QuietConversation, takeQuietConversations } from '../store/stalled.ts'
import type { ConversationWorkflows } from '../temporal/conversation-workflows.ts'
import { recoverConversation } from '../temporal/recover-conversation.ts'
import { repeat } from './repeat.ts'
import { inspectWorkflow } from './workflow-condition.ts'

export type StalledConversationsOptions = {
  database: Database
  connection: Connection
  namespace: string
  client: WorkflowClient
  workflows: ConversationWorkflows
  logger: Logger
}

const lookPauseMs = 5_000
/** Of all workers together; less than the pause, which is never kept to the millisecond. */
const periodMs = 4_000
const quietMs = 5_000
const conversationLimit = 100
/** With the server away every question fails, each after its whole time. */
const failureLimit = 3
const messageLimit = 300

/**
 * Looks each 5 s for conversations that have something to do and do nothing, and asks Temporal why. One that
 * cannot go on is marked as stalled until it goes on; one whose workflow is gone gets a new one for what waits.
 * Every worker may watch: they take turns. Returns the function that ends it.
 */
export function watchForStalledConversations(options: StalledConversationsOptions): () => Promise<void> {
  const { logger } = options
  const failure = 'looking for stalled conversations failed'
  // Not at once: what a worker finds when it starts is about to go on.
  return repeat((signal) => look(options, signal), { pauseMs: lookPauseMs, failure, logger })
}

async function look(options: StalledConversationsOptions, signal: AbortSignal): Promise<void> {
  const { database, logger } = options
  const failures: unknown[] = []
  for (const conversation of await takeQuietConversations(database, {
    limit: conversationLimit,
    periodMs,
    quietMs,
  })) {
    if (signal.aborted || failures.length >= failureLimit) break
    await examine(conversation, options).catch((error: unknown) => failures.push(error))
  }
  const [err] = failures
  if (err !== undefined) logger.warn({ err, count: failures.length }, 'quiet conversations were not examined')
}

async function examine(
  { id, turnId, stalled }: QuietConversation,
  { connection, client, namespace, database, workflows, logger }: StalledConversationsOptions,
): Promise<void> {
  const condition = await inspectWorkflow({ connection, workflows: client, namespace }, id)
  const log = logger.child({ conversationId: id })
  switch (condition.kind) {
    case 'busy':
      return
    case 'fine':
      if (stalled && (await markStalled(database, id, false))) log.info('a stalled conversation goes on')
      return
    case 'gone':
      await recoverConversation({ database, workflows }, id, turnId)
      log.warn({ turnId }, 'a workflow was gone: its turn is ended, and what waited was given to a new one')
      return
    case 'stuck': {
      if (stalled || !(await markStalled(database, id, true))) return
      const { attempt, fault } = condition
      const failure = redactText(fault.message).slice(0, messageLimit)
      log.error(
        { attempt, cause: fault.cause, failure },
        'a conversation is stalled: its workflow cannot go on',
      )
    }
  }
}
