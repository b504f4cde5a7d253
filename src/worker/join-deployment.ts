import { isGrpcServiceError } from '@temporalio/client'

import type { Logger } from '../ops/logger.ts'
import { grpcStatus } from '../temporal/grpc-status.ts'
import type { DeploymentRouting, Routing } from './deployment-routing.ts'

export type DeploymentMember = {
  routing: DeploymentRouting
  /** Whether another build of the deployment has a worker that lives. */
  isLiving(buildId: string): Promise<boolean>
  logger: Logger
}

const refusalCodes: readonly number[] = [grpcStatus.permissionDenied, grpcStatus.unimplemented]

/**
 * Makes this build ready for work before its worker starts: a build that is new takes the work over, one that had
 * it before leaves it to the current build for as long as that has workers. Returns whether to run with a
 * version: not where the server has no deployments, or none for us.
 */
export async function joinDeployment(member: DeploymentMember): Promise<boolean> {
  const { routing } = member
  if (await routing.isCurrent()) return true
  try {
    const found = await routing.read()
    if (await mayTakeWork(member, found)) await takeWork(member, found)
    else standBy(member, found)
    return true
  } catch (err) {
    return stayVersioned(member, err)
  }
}

/** Whether this build should have the work that the current one gets. */
export async function mayTakeWork(member: DeploymentMember, found: Routing): Promise<boolean> {
  const { currentBuildId, wasCurrent } = found
  if (currentBuildId === member.routing.version.buildId) return false
  // A worker of an old build that is restarted in the middle of an upgrade must not turn it back.
  return currentBuildId === undefined || !wasCurrent || !(await member.isLiving(currentBuildId))
}

/** Makes this build the current one. */
export async function takeWork({ routing, logger }: DeploymentMember, found: Routing): Promise<void> {
  await routing.makeCurrent(found)
  logger.info({ ...routing.version, previousBuildId: found.currentBuildId }, 'this build takes the work over')
}

/** Whether a worker that could not have the work should wait for it, rather than run without a version. */
async function stayVersioned(member: DeploymentMember, err: unknown): Promise<boolean> {
  const code = isGrpcServiceError(err) ? err.code : undefined
  const refused = code !== undefined && refusalCodes.includes(code)
  const found = await member.routing.read().catch((error: unknown) => {
    if (!refused) throw error
  })
  // Somebody was faster, or somebody else manages the deployment.
  const contested = code === grpcStatus.failedPrecondition
  // Workers without a version get nothing where any build is current, nor where somebody else decides.
  if (found?.currentBuildId !== undefined || (found && contested)) {
    standBy(member, found, err)
    return true
  }
  // At its limit a server makes no new deployment, and names no reason in time.
  if (!refused && found?.conflictToken !== undefined) throw err
  member.logger.warn(
    { err, ...member.routing.version },
    'Temporal has no worker deployment for us: workers of all builds share the work; see docs/deployment.md, Upgrades',
  )
  return false
}

function standBy({ routing, logger }: DeploymentMember, { currentBuildId }: Routing, err?: unknown): void {
  if (currentBuildId === routing.version.buildId) return
  logger.info({ err, ...routing.version, currentBuildId }, 'another build has the work, this one stands by')
}
