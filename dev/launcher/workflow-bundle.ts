import { join } from 'node:path'

import { describeExit, spawnChild } from '../process/child.ts'
import { readTail, rotateLog, withLog } from '../process/log-file.ts'
import type { Paths } from './paths.ts'
import { StartError } from './start-error.ts'

/**
 * Builds the workflow bundle that the workers of this start run. It is built each time, because a worker
 * would use a stale one without a word.
 */
export async function buildWorkflowBundle(
  { projectDir, workflowBundle, logOf }: Paths,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const logFile = logOf('workflow-bundle')
  await rotateLog(logFile)
  signal.throwIfAborted()
  const child = await withLog(logFile, (output) =>
    spawnChild({
      command: process.execPath,
      args: [join(projectDir, 'src/worker/build-bundle.ts'), workflowBundle],
      cwd: projectDir,
      env,
      output,
    }),
  )
  const end = (): void => void child.stop(0)
  signal.addEventListener('abort', end, { once: true })
  const exit = await child.exited
  signal.removeEventListener('abort', end)
  signal.throwIfAborted()
  if (exit.code === 0) return
  throw new StartError(
    `The workflow bundle was not built (${describeExit(exit)}):\n${await readTail(logFile)}`,
  )
}
