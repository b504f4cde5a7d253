import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  startChild,
  TemporalFailure,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow'

import type { BackgroundCall } from '../contracts/activity-interface.ts'
import { callWorkflowIdOf } from '../contracts/ids.ts'
import { backgroundWorkflowType } from '../contracts/temporal-names.ts'

/** Starts the workflow of a background call, which lives on whatever becomes of this one. */
export async function startBackgroundCall(call: BackgroundCall): Promise<void> {
  try {
    await startChild(backgroundWorkflowType, {
      workflowId: callWorkflowIdOf(call.callId),
      args: [call],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: call.call.summary,
    })
  } catch (error) {
    if (!isThere(error)) throw error
  }
}

function isThere(error: unknown): boolean {
  // The class itself is not among what workflows may import.
  return error instanceof TemporalFailure && error.name === 'WorkflowExecutionAlreadyStartedError'
}
