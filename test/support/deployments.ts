import { setTimeout as sleep } from 'node:timers/promises'

import { Client, Connection } from '@temporalio/client'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import type { Product } from './product.ts'

/** What the history of a conversation's latest run says of the workers that served it. */
export type Service = {
  /** Builds whose workers completed workflow tasks, in order, without repetitions next to each other. */
  builds: string[]
  /** The processes that were given workflow tasks or activities, by their numbers. */
  pids: number[]
  /** Workflow tasks that failed: a build whose code does not fit the history. */
  failedTasks: number
  /** Ids of the patches that the history has passed. */
  patches: number
}

/** Reads who served a conversation. */
export async function readService({ temporal }: Product, conversationId: string): Promise<Service> {
  return withTemporal(temporal, async (connection) => {
    const handle = new Client({ connection }).workflow.getHandle(workflowIdOf(conversationId))
    const events = (await handle.fetchHistory()).events ?? []
    const started = events.flatMap(
      (event) => event.workflowTaskStartedEventAttributes ?? event.activityTaskStartedEventAttributes ?? [],
    )
    const completed = events.flatMap((event) => event.workflowTaskCompletedEventAttributes ?? [])
    return {
      builds: unrepeated(completed.map(({ deploymentVersion }) => deploymentVersion?.buildId ?? '')),
      pids: [...new Set(started.map(({ identity }) => Number.parseInt(identity ?? '', 10)))],
      failedTasks: events.filter((event) => event.workflowTaskFailedEventAttributes).length,
      patches: events.filter((event) => event.markerRecordedEventAttributes?.markerName === 'core_patch')
        .length,
    }
  })
}

/** Resolves with the build that gets the work, as soon as it is another one than `before`. */
export async function untilServedBy(product: Product, before?: string): Promise<string> {
  return withTemporal(product.temporal, async ({ workflowService }) => {
    for (;;) {
      const { versioningInfo } = await workflowService.describeTaskQueue({
        namespace: 'default',
        taskQueue: { name: product.taskQueue },
        taskQueueType: 1,
      })
      const buildId = versioningInfo?.currentDeploymentVersion?.buildId
      if (buildId && buildId !== before) return buildId
      await sleep(20)
    }
  })
}

async function withTemporal<Result>(
  address: string,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ address })
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

function unrepeated<Item>(items: readonly Item[]): Item[] {
  return items.filter((item, index) => item !== items[index - 1])
}
