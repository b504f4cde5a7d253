import { createHash } from 'node:crypto'

import type { WorkerDeploymentVersion } from '@temporalio/common'

export type DeploymentVersionParts = { taskQueue: string; packageVersion: string; workflowCode: string }

/** Temporal allows four times as much, other servers may not. */
const nameLimit = 100

/**
 * Names the deployment after its task queue, and the build after the release and the workflow code, so that an
 * edited workflow is another build. Equal bundles make equal builds, wherever they are made.
 */
export function toDeploymentVersion(parts: DeploymentVersionParts): WorkerDeploymentVersion {
  const { taskQueue, packageVersion, workflowCode } = parts
  return {
    deploymentName: toDeploymentName(taskQueue),
    buildId: `${packageVersion}-${shortHash(workflowCode, 12)}`,
  }
}

/** Dots, colons and a leading `__` mean something in versions; two queues never share a name. */
function toDeploymentName(taskQueue: string): string {
  const plain = taskQueue.replaceAll(/[^\w-]/g, '-').replace(/^__/, '-')
  if (plain === taskQueue && plain.length <= nameLimit) return plain
  return `${plain.slice(0, nameLimit - 9)}-${shortHash(taskQueue, 8)}`
}

function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
