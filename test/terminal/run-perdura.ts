import { spawn } from 'node:child_process'

const main = new URL('../../src/terminal/main.ts', import.meta.url).pathname

export type PerduraRun = {
  input?: string
  env?: Record<string, string>
  /** Sends Ctrl-C when this text has appeared. */
  interruptAt?: string
}

/** Runs the real command in a folder of its own, against one server. */
export function createPerdura(serverUrl: string, folder: string) {
  return async (args: string[], { input = '', env = {}, interruptAt }: PerduraRun = {}) => {
    const base = { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: folder, PERDURA_URL: serverUrl }
    const child = spawn(process.execPath, [main, ...args], { env: { ...base, ...env }, cwd: folder })
    const out = { stdout: '', stderr: '' }
    let interrupted = false
    const note = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      out[stream] += String(chunk)
      if (interruptAt === undefined || interrupted || !`${out.stdout}${out.stderr}`.includes(interruptAt))
        return
      interrupted = true
      child.kill('SIGINT')
    }
    child.stdout.on('data', note('stdout'))
    child.stderr.on('data', note('stderr'))
    child.stdin.end(input)
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
    return { ...out, exitCode }
  }
}
