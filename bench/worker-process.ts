import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A worker that the bench has started itself, to kill it as it likes. */
export type WorkerProcess = {
  pid: number
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts a worker and waits until it polls. */
export async function startWorker(settings: Record<string, string>): Promise<WorkerProcess> {
  const child = fork(join(import.meta.dirname, '..', 'src', 'worker', 'main.ts'), {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await Promise.race([once(child, 'message'), failOnExit(child)])
  return {
    pid: child.pid ?? 0,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    },
  }
}

async function failOnExit(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`A worker ended with ${code} before it was ready.`)
}
