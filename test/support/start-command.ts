import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Run } from '../../dev/launcher/run-file.ts'

/** One `npm start` in a clone. */
export interface StartCommand {
  readonly pid: number
  /** All that it has printed so far. */
  output(): string
  /** Resolves with the exit code when the command has ended. */
  readonly ended: Promise<number | null>
  /** Resolves when the text has been printed; rejects when the command ends without it. */
  printed(text: string | RegExp): Promise<void>
  signal(signal: NodeJS.Signals): void
}

export type StartCommandOptions = {
  args?: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Another account to run as. */
  account?: { uid: number; gid: number }
}

const waitMs = 90_000

/** Runs `npm start` in a clone, with the settings of `env` alone. */
export function runStart(
  clone: string,
  { args = [], env = {}, account }: StartCommandOptions = {},
): StartCommand {
  const child = spawn('npm', ['start', '--', ...args], {
    cwd: clone,
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  }
  let isOver = false
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      isOver = true
      resolve(code)
    })
  })
  return {
    pid: child.pid ?? -1,
    output: () => text,
    ended,
    signal: (signal) => void child.kill(signal),
    async printed(wanted) {
      const isThere = (): boolean => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))
      const deadline = Date.now() + waitMs
      while (!isThere()) {
        if (isOver || Date.now() > deadline) throw new Error(`"${wanted}" was not printed. Printed:\n${text}`)
        await sleep(20)
      }
    },
  }
}

/** Reads the description that a running start publishes. */
export async function readRun(clone: string): Promise<Run> {
  return JSON.parse(await readFile(join(clone, '.perdura', 'run.json'), 'utf8'))
}

/** The environment of a person at a terminal: without the settings and the npm variables of the test run. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI, TMPDIR } = process.env
  return { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI, TMPDIR }
}
