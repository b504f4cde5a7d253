import { type Connection, type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client'
import proto from '@temporalio/proto'

import { type ConversationId, workflowIdOf } from '../contracts/ids.ts'

/** Why a workflow cannot go on: the kind of fault, and its own message where the server tells one. */
export type WorkflowFault = { cause: string; message: string }

/**
 * How a conversation's workflow stands. `busy`: a task of it is waiting or running, and may well succeed.
 * `gone`: it does not run, and did not end by a fault of its own.
 */
export type WorkflowCondition =
  | { kind: 'fine' }
  | { kind: 'busy' }
  | { kind: 'gone' }
  | { kind: 'stuck'; attempt: number; fault: WorkflowFault }

export type InspectOptions = { connection: Connection; workflows: WorkflowClient; namespace: string }

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent

const callTimeoutMs = 5_000
/** The second try is made at once, each further one when the 10 s of the one before are over. */
const stuckAttempt = 3
const historyPageSize = 100
const { TimeoutType, WorkflowTaskFailedCause } = proto.temporal.api.enums.v1

/**
 * Asks the server how a conversation's workflow stands.
 *
 * The attempt of the pending workflow task is what tells: Temporal repeats a task that failed or ran out of time
 * for ever. A signal that comes meanwhile makes it count from 1 again, so then the failures in the history
 * since the last task that succeeded are counted. `TemporalReportedProblems` is set a minute later, if at all.
 */
export async function inspectWorkflow(
  options: InspectOptions,
  conversationId: ConversationId,
): Promise<WorkflowCondition> {
  const description = await describe(options, conversationId)
  if (description === undefined) return { kind: 'gone' }
  const { status, raw, runId } = description
  if (status.name === 'FAILED') {
    const [end] = await readLastEvents(options, conversationId, runId, 1)
    const message = end?.workflowExecutionFailedEventAttributes?.failure?.message ?? ''
    return { kind: 'stuck', attempt: 1, fault: { cause: 'workflow_failed', message } }
  }
  if (closedStatuses.includes(status.name)) return { kind: 'gone' }
  if (!raw.pendingWorkflowTask) return { kind: 'fine' }
  const attempt = raw.pendingWorkflowTask.attempt ?? 1
  if (attempt < stuckAttempt - 1) return { kind: 'busy' }
  const faults = listFaults(await readLastEvents(options, conversationId, runId, historyPageSize))
  if (attempt < stuckAttempt && faults.length < stuckAttempt - 1) return { kind: 'busy' }
  const fault = faults[0] ?? { cause: 'unknown', message: '' }
  return { kind: 'stuck', attempt: Math.max(attempt, faults.length), fault }
}

const closedStatuses: readonly string[] = ['COMPLETED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']

async function describe({ connection, workflows }: InspectOptions, conversationId: ConversationId) {
  try {
    return await connection.withDeadline(Date.now() + callTimeoutMs, () =>
      workflows.getHandle(workflowIdOf(conversationId)).describe(),
    )
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined
    throw error
  }
}

/** The latest first. */
async function readLastEvents(
  { connection, namespace }: InspectOptions,
  conversationId: ConversationId,
  runId: string,
  maximumPageSize: number,
): Promise<HistoryEvent[]> {
  const { history } = await connection.withDeadline(Date.now() + callTimeoutMs, () =>
    connection.workflowService.getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId: workflowIdOf(conversationId), runId },
      maximumPageSize,
    }),
  )
  return history?.events ?? []
}

/** What went wrong since the last workflow task that succeeded, the latest first. */
function listFaults(events: readonly HistoryEvent[]): WorkflowFault[] {
  const faults: WorkflowFault[] = []
  for (const event of events) {
    if (event.workflowTaskCompletedEventAttributes) break
    const fault = toFault(event)
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

function toFault(event: HistoryEvent): WorkflowFault | undefined {
  const timedOut = event.workflowTaskTimedOutEventAttributes
  // A worker that is gone leaves its sticky queue to time out; that is no fault of the workflow.
  if (timedOut?.timeoutType === TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE) {
    return { cause: 'timed_out', message: 'A workflow task was not finished in time.' }
  }
  const failed = event.workflowTaskFailedEventAttributes
  const cause = failed?.cause ?? WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED
  // Something came in just when the workflow wanted to end: the server has the task done again.
  if (!failed || cause === WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND)
    return undefined
  const name = WorkflowTaskFailedCause[cause].replace('WORKFLOW_TASK_FAILED_CAUSE_', '').toLowerCase()
  return { cause: name, message: failed.failure?.message ?? '' }
}
