import { execFile } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Tells what a process is: its command line and, where it may be read, its environment.
 * A process number alone proves nothing, because numbers are used again. Undefined when it is gone.
 */
export async function describeProcess(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return describeByPs(pid)
  const command = await readProc(pid, 'cmdline')
  // A zombie has an empty command line: it is gone but for its exit code.
  if (!command) return undefined
  return `${command} ${(await readProc(pid, 'environ')) ?? ''}`
}

/** Lists processes whose command line or environment contains `marker`; empty where there is no /proc. */
export async function listProcessesWith(marker: string): Promise<number[]> {
  if (process.platform !== 'linux') return []
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 1 && pid !== process.pid)
  const described = await Promise.all(pids.map(async (pid) => ({ pid, text: await describeProcess(pid) })))
  return described.filter(({ text }) => text?.includes(marker)).map(({ pid }) => pid)
}

async function readProc(pid: number, file: string): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/${file}`, 'utf8')).replaceAll('\0', ' ')
  } catch {
    return undefined
  }
}

// `-E` adds the environment on macOS.
async function describeByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-E', '-ww', '-o', 'command=', '-p', String(pid)])
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}
