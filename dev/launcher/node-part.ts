import { join } from 'node:path'

import { type Child, type Exit, spawnChild } from '../process/child.ts'
import { withLog } from '../process/log-file.ts'
import type { ReservedPort } from '../process/reserved-port.ts'
import { EndedEarly } from '../process/wait-until.ts'
import type { Part, PartContext, RunningPart, Tier } from './part.ts'

const readyWithinMs = 60_000

export type NodePartOptions = {
  name: string
  tier: Tier
  /** The program, relative to the project. */
  file: string
  projectDir: string
  logFile: string
  env: NodeJS.ProcessEnv
  /** The port it listens on, which it is told as PORT. */
  reserved?: ReservedPort
  url?: string
}

/** A part that is a program of ours: it says over IPC when it serves, and leaves on SIGTERM. */
export function createNodePart(options: NodePartOptions): Part {
  const { name, tier, logFile, reserved, url } = options
  return {
    name,
    tier,
    logFile,
    ...(reserved && { port: reserved.port }),
    ...(url !== undefined && { url }),
    start: (context) => start(options, context),
  }
}

async function start(options: NodePartOptions, { onSpawn, signal }: PartContext): Promise<RunningPart> {
  const { projectDir, file, env, reserved, logFile } = options
  await reserved?.claim(signal)
  signal.throwIfAborted()
  const child = await withLog(logFile, (output) =>
    spawnChild({
      command: process.execPath,
      args: [join(projectDir, file)],
      cwd: projectDir,
      env: { ...env, ...(reserved && { PORT: String(reserved.port) }) },
      output,
      ipc: true,
    }),
  )
  onSpawn(child)
  try {
    await waitForReady(child, signal)
  } catch (error) {
    await child.stop(2_000)
    throw error
  }
  return child
}

function waitForReady(child: Child, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`is not ready after ${readyWithinMs / 1000} s`))
    const timer = setTimeout(late, readyWithinMs)
    const leave = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      settle()
    }
    const abort = () => leave(() => reject(signal.reason))
    signal.addEventListener('abort', abort, { once: true })
    child.onMessage((message) => {
      if (isReady(message)) leave(resolve)
    })
    void child.exited.then((exit: Exit) => leave(() => reject(new EndedEarly(exit))))
  })
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
}
