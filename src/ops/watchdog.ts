import { Worker } from 'node:worker_threads'

export type WatchdogOptions = {
  /** Of the whole process, what lies outside of the JavaScript heap included. Default: none. */
  memoryLimitMb?: number
  /** Default: none. */
  timeLimitMs?: number
}

const lookMs = 100

/**
 * Ends this process with SIGKILL when its parent has died, when it holds more memory than it may, or when its time
 * is over. It runs beside the process's own code, which may never give the processor back: that code would
 * neither see that the channel to its parent is closed nor have a timer run.
 */
export function startWatchdog({ memoryLimitMb, timeLimitMs }: WatchdogOptions): void {
  const code = `
    const end = () => { try { process.kill(-process.pid, 'SIGKILL') } finally { process.kill(process.pid, 'SIGKILL') } }
    const limit = ${memoryLimitMb === undefined ? 'Infinity' : memoryLimitMb * 1024 * 1024}
    setInterval(() => {
      if (process.ppid !== ${process.ppid} || process.memoryUsage.rss() > limit) end()
    }, ${lookMs})
    ${timeLimitMs === undefined ? '' : `setTimeout(end, ${timeLimitMs})`}`
  new Worker(code, { eval: true, env: {}, execArgv: [] }).unref()
}
