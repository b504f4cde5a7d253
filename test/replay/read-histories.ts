import type { WorkflowHandle } from '@temporalio/client'
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import type { TestWorkflowEnvironment } from '@temporalio/testing'

/** The histories of every run of a conversation, oldest first, as JSON without what belongs to one machine. */
export async function readRuns(
  { client }: TestWorkflowEnvironment,
  { workflowId }: WorkflowHandle,
): Promise<string[]> {
  const { raw, runId } = await client.workflow.getHandle(workflowId).describe()
  const firstRunId = raw.workflowExecutionInfo?.firstRunId || runId
  const texts: string[] = []
  for (const each of new Set([firstRunId, runId])) {
    texts.push(
      toPortableJson(historyToJSON(await client.workflow.getHandle(workflowId, each).fetchHistory())),
    )
  }
  return texts
}

/** Reads what `toPortableJson` wrote. */
export function readHistory(text: string): unknown {
  return historyFromJSON(JSON.parse(text))
}

function toPortableJson(text: string): string {
  const portable: unknown = JSON.parse(text, (key, value: unknown) => {
    if (key === 'identity') return 'worker'
    if (key === 'stackTrace') return ''
    // A worker's own queue is named after its process and machine.
    if (key === 'name' && typeof value === 'string' && value.includes('@')) return 'worker'
    return value
  })
  // The padding that fills a history is not read by the workflow; three bytes of it stand for all.
  return `${JSON.stringify(portable, null, 1).replace(/(eHh4){100,}/g, 'eHh4')}\n`
}
