import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Connection } from '@temporalio/client'
import type { WorkerDeploymentOptions, WorkflowBundle } from '@temporalio/worker'

import type { Logger } from '../ops/logger.ts'
import type { Database } from '../store/database.ts'
import { joinLivingBuilds } from '../store/living-builds.ts'
import { openDeploymentRouting } from './deployment-routing.ts'
import { toDeploymentVersion } from './deployment-version.ts'
import { joinDeployment } from './join-deployment.ts'
import { watchDeployment } from './watch-deployment.ts'

export type OpenDeploymentOptions = {
  connection: Connection
  database: Database
  namespace: string
  taskQueue: string
  identity: string
  bundle: WorkflowBundle
  logger: Logger
  onProblem(error: unknown): void
}

/** This worker's place in the deployment of its task queue. */
export type Deployment = {
  buildId: string
  /** For `WorkerOptions`; none when it runs without a version. */
  workerOptions: { workerDeploymentOptions?: WorkerDeploymentOptions }
  /** Lets another build take over before this worker has ended. */
  leave(): Promise<void>
}

/** Joins the deployment, and looks after it from then on. Call it before the worker starts. */
export async function openDeployment(options: OpenDeploymentOptions): Promise<Deployment> {
  const { connection, database, namespace, taskQueue, identity, bundle, logger, onProblem } = options
  const version = toDeploymentVersion({
    taskQueue,
    packageVersion: await readPackageVersion(),
    workflowCode: bundle.code,
  })
  const { deploymentName, buildId } = version
  // Before the build gets the work: the workers of another one look whether it lives.
  const livingBuilds = await joinLivingBuilds(database, `${deploymentName}:${buildId}`, onProblem)
  const member = {
    routing: openDeploymentRouting({ connection, namespace, taskQueue, version, identity }),
    isLiving: (other: string) => livingBuilds.isLiving(`${deploymentName}:${other}`),
    logger,
  }
  const leaveBuilds = () => livingBuilds.leave().catch(onProblem)
  if (!(await joinDeployment(member))) return { buildId, workerOptions: {}, leave: leaveBuilds }
  const stopWatching = watchDeployment(member)
  return {
    buildId,
    workerOptions: {
      workerDeploymentOptions: {
        useWorkerVersioning: true,
        version,
        defaultVersioningBehavior: 'AUTO_UPGRADE',
      },
    },
    async leave() {
      // What it asks a server that is away takes its whole time.
      void stopWatching()
      await leaveBuilds()
    },
  }
}

async function readPackageVersion(): Promise<string> {
  // Beside `src` and beside `dist`.
  const file = join(import.meta.dirname, '..', '..', 'package.json')
  const { version }: { version: string } = JSON.parse(await readFile(file, 'utf8'))
  return version
}
