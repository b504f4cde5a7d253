import {
  type Connection,
  isGrpcServiceError,
  type WorkflowClient,
  WorkflowNotFoundError,
} from '@temporalio/client'

import { type ConversationId, workflowIdOf } from '../contracts/ids.ts'
import { grpcStatus } from './grpc-status.ts'

export type RemoveOptions = { connection: Connection; workflows: WorkflowClient }

/**
 * Removes every run of a conversation's workflow: each continue-as-new and each new beginning has left one. The
 * server does it in the background. One that still runs is ended by it, and is gone at once; one that was ended
 * before takes half a minute, so nothing is ended first.
 */
export async function removeRuns(options: RemoveOptions, conversationId: ConversationId): Promise<void> {
  const workflowId = workflowIdOf(conversationId)
  for (const runId of await listRuns(options, workflowId)) await removeRun(options, workflowId, runId)
}

/** The latest run is known at once, the earlier ones by the list. */
async function listRuns({ workflows }: RemoveOptions, workflowId: string): Promise<Set<string>> {
  const runIds = new Set<string>()
  try {
    runIds.add((await workflows.getHandle(workflowId).describe()).runId)
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error
  }
  for await (const { runId } of workflows.list({ query: `WorkflowId = '${workflowId}'` })) runIds.add(runId)
  return runIds
}

async function removeRun(
  { connection, workflows }: RemoveOptions,
  workflowId: string,
  runId: string,
): Promise<void> {
  try {
    await connection.workflowService.deleteWorkflowExecution({
      namespace: workflows.options.namespace,
      workflowExecution: { workflowId, runId },
    })
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== grpcStatus.notFound) throw error
  }
}
