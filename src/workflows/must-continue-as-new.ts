import { workflowInfo } from '@temporalio/workflow'

import { historyEventLimit, historySizeLimitBytes } from '../contracts/limits.ts'

/**
 * Whether the history of this run is long enough to start a new one. A replay runs at 600 to 2,800 events a
 * second against a workflow task timeout of 10 s, so the bound is far below Temporal's own.
 */
export function mustContinueAsNew(): boolean {
  const info = workflowInfo()
  return (
    info.continueAsNewSuggested ||
    info.historyLength >= historyEventLimit ||
    info.historySize >= historySizeLimitBytes ||
    info.targetWorkerDeploymentVersionChanged
  )
}
