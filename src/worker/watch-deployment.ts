import { type DeploymentMember, mayTakeWork, takeWork } from './join-deployment.ts'
import { repeat } from './repeat.ts'

const lookPauseMs = 1_000

/**
 * Takes the work over when the current build has lost its last worker, so that no conversation waits for workers
 * that never come back. Looks every second and takes at the second look: a worker that dies is often restarted
 * in place. Returns the function that ends it.
 */
export function watchDeployment(member: DeploymentMember): () => Promise<void> {
  let missing: string | undefined
  const look = async () => {
    missing = await findMissing(member, missing)
  }
  const failure = 'looking after the worker deployment failed'
  return repeat(look, { pauseMs: lookPauseMs, failure, logger: member.logger })
}

/** The current build when it has no workers; takes its work when that was so before. */
async function findMissing(
  member: DeploymentMember,
  missing: string | undefined,
): Promise<string | undefined> {
  if (await member.routing.isCurrent()) return undefined
  const found = await member.routing.read()
  const { currentBuildId } = found
  // None: an operator has given the work to workers without versions.
  if (currentBuildId === undefined || !(await mayTakeWork(member, found))) return undefined
  if (missing === currentBuildId) await takeWork(member, found)
  return currentBuildId
}
