import type { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'

import type { Logger } from '../ops/logger.ts'
import type { LostActivity, WorkerRegistry } from '../store/worker-registry.ts'
import { repeat } from './repeat.ts'

export type LostActivitiesOptions = {
  registry: WorkerRegistry
  connection: Connection
  namespace: string
  logger: Logger
}

const lookPauseMs = 500

/**
 * Looks for dead workers every half second, and fails what they held so that Temporal retries it at once
 * instead of after the heartbeat timeout. The first look is now: a worker that was restarted in place finds
 * its own past. Returns the function that ends it.
 */
export function watchForLostActivities(options: LostActivitiesOptions): () => Promise<void> {
  const { registry, logger } = options
  const look = async () => {
    const lost = await registry.takeLost()
    if (lost.length > 0) await release(lost, options)
  }
  const failure = 'looking for lost activities failed'
  return repeat(look, { pauseMs: lookPauseMs, failure, logger, atOnce: true })
}

async function release(lost: readonly LostActivity[], options: LostActivitiesOptions): Promise<void> {
  options.logger.info({ count: lost.length }, 'taking over activities of a dead worker')
  const workflowIds = new Set(lost.map(({ workflowId }) => workflowId))
  await Promise.allSettled(lost.map(({ taskToken }) => failTask(taskToken, options)))
  await Promise.allSettled([...workflowIds].map((workflowId) => resetStickiness(workflowId, options)))
}

async function failTask(
  taskToken: Uint8Array,
  { connection, namespace }: LostActivitiesOptions,
): Promise<void> {
  await connection.workflowService.respondActivityTaskFailed({
    namespace,
    taskToken,
    identity: 'lost-activities',
    failure: proto.temporal.api.failure.v1.Failure.create({
      message: 'worker_died',
      source: 'perdura',
      applicationFailureInfo: {
        type: 'worker_died',
        nonRetryable: false,
        nextRetryDelay: { nanos: 1_000_000 },
      },
    }),
  })
}

/** Without this, the next workflow task waits for the dead worker until the sticky timeout. */
async function resetStickiness(
  workflowId: string,
  { connection, namespace }: LostActivitiesOptions,
): Promise<void> {
  await connection.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId } })
}
