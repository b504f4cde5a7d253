import { fork } from 'node:child_process'
import { setPriority } from 'node:os'
import { extname } from 'node:path'

/** How a process has ended; neither when it never began. */
export type ProcessEnd = { code: number | null; signal: NodeJS.Signals | null }

/** A process that may fail without taking this one with it. */
export interface IsolatedProcess {
  readonly pid: number | undefined
  /** Resolves when it is gone, or could not be started. */
  readonly ended: Promise<ProcessEnd>
  /** Never throws: what is sent to a process that is gone is lost. */
  send(message: object): void
  onMessage(listener: (message: unknown) => void): void
  /** Ends it at once, with whatever it has started itself. */
  kill(): void
}

export type IsolatedProcessOptions = {
  /** Of the JavaScript heap. What is outside of it, `startWatchdog` looks at. */
  heapLimitMb: number
  /** All that it is given of an environment: this process's own holds keys. */
  env?: Readonly<Record<string, string>>
  /** What the script is told. */
  args?: readonly string[]
  /** Of Node, besides. */
  nodeOptions?: readonly string[]
}

/**
 * Starts a script of this package as a process of its own. Must begin with `startWatchdog`, which sees to it that
 * the process does not outlive this one. Messages go both ways as structured clones: bytes are not written as text.
 */
export function startIsolatedProcess(script: URL, options: IsolatedProcessOptions): IsolatedProcess {
  const { heapLimitMb, env = {}, args = [], nodeOptions = [] } = options
  const child = fork(script, [...args], {
    env,
    execArgv: [`--max-old-space-size=${heapLimitMb}`, ...nodeOptions],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // A group of its own: a Ctrl-C in the terminal reaches the parent only, and it ends with all it has started.
    detached: true,
  })
  giveWay(child.pid)
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      // What it has said last may still be on its way.
      if (child.connected) child.once('disconnect', () => resolve({ code, signal }))
      else resolve({ code, signal })
    })
    child.on('error', () => {
      // A signal or a message that did not arrive shows in the end of the process, if it has begun at all.
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
  return {
    pid: child.pid,
    ended,
    send: (message) => void child.send(message, () => {}),
    onMessage: (listener) => void child.on('message', listener),
    kill() {
      if (child.exitCode === null && child.signalCode === null) killGroup(child.pid)
    },
  }
}

/** The script beside the caller that a process runs: the sources run as TypeScript, the package as JavaScript. */
export function toScriptUrl(name: string, { url, filename }: Pick<ImportMeta, 'url' | 'filename'>): URL {
  return new URL(`./${name}${extname(filename)}`, url)
}

/** Below the usual 0: a third of the share of a process that wants as much. */
const yieldingPriority = 5

/** Where processors are short, what runs there waits rather than turns and streams. */
function giveWay(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, yieldingPriority)
  } catch {
    // It is gone already, or the system keeps everybody at one priority.
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
