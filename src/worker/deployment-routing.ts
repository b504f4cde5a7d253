import { type Connection, isGrpcServiceError } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'

import { grpcStatus } from '../temporal/grpc-status.ts'

/** Which build of a deployment gets the work, as this build sees it. */
export type Routing = {
  /** None: workers without a version get the work. */
  currentBuildId: string | undefined
  /** Whether this build has had the work before. */
  wasCurrent: boolean
  /** Of what was read; none when there is no deployment yet. */
  conflictToken: Uint8Array | undefined
}

/** What Temporal's server says about the deployment of one worker. */
export interface DeploymentRouting {
  readonly version: WorkerDeploymentVersion
  /** Whether this build gets the work; the server answers from memory. */
  isCurrent(): Promise<boolean>
  read(): Promise<Routing>
  /**
   * Gives the work to this build, also before its first worker polls. Fails with FAILED_PRECONDITION when the
   * routing has changed since it was read, or when another identity manages the deployment.
   */
  makeCurrent(found: Routing): Promise<void>
}

export type DeploymentRoutingOptions = {
  connection: Connection
  namespace: string
  taskQueue: string
  version: WorkerDeploymentVersion
  identity: string
}

// A server at a limit is asked again for 40 s otherwise.
const answerTimeoutMs = 10_000
// temporal.api.enums.v1.TaskQueueType
const workflowTasks = 1

/** Reads and changes the routing of a deployment. */
export function openDeploymentRouting(options: DeploymentRoutingOptions): DeploymentRouting {
  const { connection, namespace, taskQueue, version, identity } = options
  const { deploymentName, buildId } = version
  const service = connection.workflowService
  const inTime = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
    connection.withDeadline(Date.now() + answerTimeoutMs, ask)

  return {
    version,
    async isCurrent() {
      const queue = { namespace, taskQueue: { name: taskQueue }, taskQueueType: workflowTasks }
      const { versioningInfo } = await inTime(() => service.describeTaskQueue(queue))
      const current = versioningInfo?.currentDeploymentVersion
      return current?.deploymentName === deploymentName && current.buildId === buildId
    },
    async read() {
      try {
        const found = await inTime(() => service.describeWorkerDeployment({ namespace, deploymentName }))
        const { routingConfig, versionSummaries } = found.workerDeploymentInfo ?? {}
        const mine = versionSummaries?.find((summary) => summary.deploymentVersion?.buildId === buildId)
        return {
          currentBuildId: routingConfig?.currentDeploymentVersion?.buildId ?? undefined,
          wasCurrent: Boolean(mine?.firstActivationTime),
          conflictToken: found.conflictToken,
        }
      } catch (error) {
        if (!isGrpcServiceError(error) || error.code !== grpcStatus.notFound) throw error
        return { currentBuildId: undefined, wasCurrent: false, conflictToken: undefined }
      }
    },
    async makeCurrent({ conflictToken }) {
      await inTime(() =>
        service.setWorkerDeploymentCurrentVersion({
          namespace,
          deploymentName,
          buildId,
          identity,
          allowNoPollers: true,
          ignoreMissingTaskQueues: true,
          ...(conflictToken === undefined ? {} : { conflictToken }),
        }),
      )
    },
  }
}
