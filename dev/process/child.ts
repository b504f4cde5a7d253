import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a process ended; exactly one of the two is set. */
export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A process that was started here and that must be stopped. */
export interface Child {
  readonly pid: number
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<Exit>
  /** Calls back for each message on the IPC channel, if there is one. */
  onMessage(listener: (message: unknown) => void): void
  /** Sends `signal`, waits up to `graceMs`, then kills it together with all it has started. */
  stop(graceMs: number, signal?: NodeJS.Signals): Promise<void>
}

export type ChildOptions = {
  command: string
  args: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
  /** Where stdout and stderr go: an open file, or our own stderr, or nowhere. */
  output: number | 'inherit' | 'ignore'
  ipc?: boolean
  /** Another account to run as; only root can. */
  account?: { uid: number; gid: number }
}

/**
 * Starts a process in a session of its own, so that a Ctrl-C in the terminal reaches the launcher only and
 * the order of stopping stays the launcher's.
 */
export async function spawnChild(options: ChildOptions): Promise<Child> {
  const stdio: StdioOptions = ['ignore', options.output, options.output]
  if (options.ipc) stdio.push('ipc')
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio,
    detached: true,
    ...options.account,
  })
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const pid = await spawned(child)
  return {
    pid,
    exited,
    onMessage: (listener) => void child.on('message', listener),
    stop: (graceMs, signal = 'SIGTERM') => stop({ child, pid, exited, graceMs, signal }),
  }
}

/** Says how a process ended, for a person. */
export function describeExit({ code, signal }: Exit): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => {
      child.off('error', reject)
      // A failed kill or send must not end the launcher; the exit is what counts.
      child.on('error', () => {})
      if (child.pid !== undefined) resolve(child.pid)
    })
  })
}

type Stop = {
  child: ChildProcess
  pid: number
  exited: Promise<Exit>
  graceMs: number
  signal: NodeJS.Signals
}

async function stop({ child, pid, exited, graceMs, signal }: Stop): Promise<void> {
  child.kill(signal)
  const waiting = new AbortController()
  const grace = sleep(graceMs, undefined, { signal: waiting.signal }).catch(() => undefined)
  await Promise.race([exited, grace])
  waiting.abort()
  killGroup(pid)
  await exited
}

/** Kills a whole process group. The group's number is not given away while one member lives. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left, which is what was wanted.
  }
}
