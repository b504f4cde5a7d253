import { setTimeout as sleep } from 'node:timers/promises'

import { Client, Connection } from '@temporalio/client'
import proto from '@temporalio/proto'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import type { Product } from './product.ts'

const scheduled = proto.temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED

export type History = proto.temporal.api.history.v1.IHistory

/** The histories of every run of every workflow on the product's task queue. */
export async function readHistories(product: Product): Promise<History[]> {
  return withTemporal(product, async (client) => {
    const histories: History[] = []
    const query = `TaskQueue = '${product.taskQueue}'`
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      histories.push(await client.workflow.getHandle(workflowId, runId).fetchHistory())
    }
    return histories
  })
}

/** Why activities of the conversation's latest run were tried again, in the order in which they came back. */
export async function listRetryReasons(product: Product, conversationId: string): Promise<string[]> {
  return withTemporal(product, async (client) => {
    const { events } = await client.workflow.getHandle(workflowIdOf(conversationId)).fetchHistory()
    return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) =>
      started?.lastFailure?.message ? [started.lastFailure.message] : [],
    )
  })
}

/** The types of the activities that the conversation's latest run has scheduled, in order. */
export async function listActivities(product: Product, conversationId: string): Promise<string[]> {
  return withTemporal(product, async (client) => {
    const { events } = await client.workflow.getHandle(workflowIdOf(conversationId)).fetchHistory()
    return (events ?? []).flatMap(
      ({ activityTaskScheduledEventAttributes: task }) => task?.activityType?.name ?? [],
    )
  })
}

/** Resolves when an activity of the conversation has failed and waits for its next try. */
export async function untilWaitsToRetry(product: Product, conversationId: string): Promise<void> {
  await withTemporal(product, async (client) => {
    const handle = client.workflow.getHandle(workflowIdOf(conversationId))
    for (;;) {
      const { raw } = await handle.describe()
      const waits = raw.pendingActivities?.some(
        ({ state, attempt }) => state === scheduled && (attempt ?? 1) > 1,
      )
      if (waits) return
      await sleep(10)
    }
  })
}

/** How many runs the conversation's workflow has had: one more for each continue-as-new. */
export async function countRuns(product: Product, conversationId: string): Promise<number> {
  return withTemporal(product, async (client) => {
    let runs = 0
    const query = `WorkflowId = '${workflowIdOf(conversationId)}'`
    for await (const _ of client.workflow.list({ query })) runs += 1
    return runs
  })
}

async function withTemporal<Result>(
  { temporal }: Product,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ address: temporal })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}
