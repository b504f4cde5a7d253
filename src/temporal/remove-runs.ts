import {
  type Connection,
  isGrpcServiceError,
  type WorkflowClient,
  WorkflowNotFoundError,
} from '@temporalio/client'

import { callWorkflowPrefixOf, type ConversationId, workflowIdOf } from '../contracts/ids.ts'
import { grpcStatus } from './grpc-status.ts'

export type RemoveOptions = { connection: Connection; workflows: WorkflowClient }

/**
 * Removes every run of a conversation's workflow, each continue-as-new and each new beginning has left one, and those
 * of its background calls. The server does it in the background. One that still runs is ended by it, and is gone at once; one that was ended
 * before takes half a minute, so nothing is ended first.
 */
export async function removeRuns(options: RemoveOptions, conversationId: ConversationId): Promise<void> {
  const workflowId = workflowIdOf(conversationId)
  for (const runId of await listRuns(options, workflowId)) await removeRun(options, workflowId, runId)
  const query = `WorkflowId STARTS_WITH '${callWorkflowPrefixOf(conversationId)}'`
  for await (const call of options.workflows.list({ query })) {
    await removeRun(options, call.workflowId, call.runId)
  }
}

/**
 * Removes runs of a conversation's workflow that have continued as new, all but the latest `keep`: what they have
 * decided is in the run that goes on, and what was said never was in them. Runs that ended otherwise stay for the
 * operator, as long as the server keeps them.
 */
export async function removeOldRuns(
  options: RemoveOptions,
  conversationId: ConversationId,
  keep: number,
): Promise<void> {
  const workflowId = workflowIdOf(conversationId)
  const continued: { runId: string; beganMs: number }[] = []
  const query = `WorkflowId = '${workflowId}' and ExecutionStatus = 'ContinuedAsNew'`
  for await (const { runId, startTime } of options.workflows.list({ query })) {
    continued.push({ runId, beganMs: startTime.getTime() })
  }
  continued.sort((one, other) => other.beganMs - one.beganMs)
  for (const { runId } of continued.slice(keep)) await removeRun(options, workflowId, runId)
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
