import type { Logger } from '../ops/logger.ts'
import type { Database } from '../store/database.ts'
import { forgetDue } from '../store/forgettings.ts'
import {
  removeLargeResults,
  type Retention,
  sweepConversation,
  sweepExpired,
  takeUnswept,
} from '../store/sweeps.ts'
import type { ConversationWorkflows } from '../temporal/conversation-workflows.ts'
import { pause, repeat } from './repeat.ts'

export type HousekeepingOptions = {
  database: Database
  workflows: Pick<ConversationWorkflows, 'removeOldRuns'>
  retention: Retention
  logger: Logger
  /** Between two ways through all conversations. */
  restMs: number
}

const forgetPauseMs = 1_000
const forgetLimit = 50
const sweepPauseMs = 10_000
/** Between two batches, so that turns come first. */
const breathMs = 20
const takeLimit = 200
const batch = 500
const dayMs = 86_400_000

/**
 * Forgets what conversations do not keep, each second, and sweeps away what is kept no longer, in small batches on
 * the way through all conversations. Every worker may do it: they share the work. Returns the function that ends it.
 */
export function keepHouse(options: HousekeepingOptions): () => Promise<void> {
  const { logger } = options
  const forgetting = { pauseMs: forgetPauseMs, failure: 'forgetting failed', logger }
  const sweeping = { pauseMs: sweepPauseMs, failure: 'sweeping failed', logger }
  const stops = [
    repeat((signal) => forgetAll(options, signal), forgetting),
    repeat((signal) => sweepAll(options, signal), sweeping),
  ]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

async function forgetAll({ database }: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await forgetDue(database, forgetLimit)) === forgetLimit) {
    await pause(breathMs, signal)
  }
}

async function sweepAll(
  { database, workflows, retention, logger, restMs }: HousekeepingOptions,
  signal: AbortSignal,
): Promise<void> {
  while (await pause(breathMs, signal)) {
    const taken = await takeUnswept(database, { limit: takeLimit, restMs })
    if (taken === null) return
    for (const id of taken.ids) {
      let more = true
      while (more && (await pause(breathMs, signal))) {
        more = await sweepConversation(database, id, { retention, batch })
      }
    }
    for (const id of taken.long) {
      if (retention.runs === undefined || !(await pause(breathMs, signal))) break
      // They are looked for again when as many turns have been added.
      await workflows
        .removeOldRuns(id, retention.runs)
        .catch((err: unknown) => logger.warn({ err, conversationId: id }, 'old runs were not removed'))
    }
    if (taken.ended) {
      await sweepExpired(database, batch)
      await sweepLargeResults(database, retention, signal)
      logger.debug('all conversations are swept')
    }
  }
}

async function sweepLargeResults(
  database: Database,
  { resultDays }: Retention,
  signal: AbortSignal,
): Promise<void> {
  if (resultDays === undefined) return
  const before = new Date(Date.now() - resultDays * dayMs)
  while ((await removeLargeResults(database, before, 10)) === 10 && (await pause(breathMs, signal)));
}
