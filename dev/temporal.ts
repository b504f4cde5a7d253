/** The only file that knows where a Temporal development server comes from. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

import { buildTemporal } from './temporal-build.ts'
import { downloadTemporal } from './temporal-download.ts'

const run = promisify(execFile)

/** The command line tool that brings the server: 1.8.2 holds server 1.31.2 and UI 2.50.1. */
const temporalVersion = '1.8.2'

// Before this version the tool lacks settings that the start needs.
const oldestMinor = 3

export type FindTemporalOptions = {
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  /** Told what is happening: a first build takes minutes. */
  report: (text: string) => void
}

/**
 * Finds the `temporal` command: TEMPORAL_CLI, PATH, the per-user cache, the official download, and last a
 * build from its Go module into the cache.
 */
export async function findTemporal(options: FindTemporalOptions): Promise<string> {
  const { env, report } = options
  if (env.TEMPORAL_CLI) return getConfigured(env.TEMPORAL_CLI)
  const onPath = await findOnPath(env.PATH ?? '')
  if (onPath && (await isUsable(onPath, report))) return onPath
  const cached = cachedTemporal(env)
  if (await readVersion(cached)) return cached
  const failures: string[] = []
  for (const make of [downloadTemporal, buildTemporal]) {
    try {
      await make({ ...options, target: cached, version: temporalVersion })
      if (await readVersion(cached)) return cached
      failures.push(`${make.name}: the file that came does not run`)
    } catch (error) {
      options.signal.throwIfAborted()
      failures.push(error instanceof Error ? error.message : String(error))
    }
    report(failures.at(-1) ?? '')
  }
  throw new Error(
    `No Temporal server: ${failures.join('; ')}. ` +
      'Install the temporal command, name it in TEMPORAL_CLI, or set TEMPORAL_ADDRESS to a running server.',
  )
}

/** Where the downloaded or built command is kept for all clones of one user. */
export function cachedTemporal(env: NodeJS.ProcessEnv): string {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'perdura', 'temporal', temporalVersion, 'temporal')
}

async function getConfigured(command: string): Promise<string> {
  if (await readVersion(command)) return command
  throw new Error(
    `TEMPORAL_CLI is ${command}, which is not a temporal command that runs. Correct or remove it.`,
  )
}

async function findOnPath(path: string): Promise<string | undefined> {
  for (const dir of path.split(delimiter).filter(Boolean)) {
    const command = join(dir, 'temporal')
    const runs = await access(command, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return command
  }
  return undefined
}

async function isUsable(command: string, report: (text: string) => void): Promise<boolean> {
  const version = await readVersion(command)
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  if (major > 1 || (major === 1 && minor >= oldestMinor)) return true
  report(
    `${command} is too old (${version ?? 'unknown version'}; 1.${oldestMinor} is needed): looking further`,
  )
  return false
}

/** Asks a command for its version; undefined when it does not exist or is not Temporal's. */
async function readVersion(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, ['--version'], { timeout: 20_000 })
    return /temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}
