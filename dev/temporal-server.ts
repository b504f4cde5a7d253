import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

import { Connection } from '@temporalio/client'

import { searchAttributes } from '../src/contracts/temporal-names.ts'
import { type Child, type Exit, spawnChild } from './process/child.ts'
import { withLog } from './process/log-file.ts'
import { waitUntilServing } from './process/wait-until.ts'

// The default makes each hand-over wait up to 50 ms for the next poll of its only history shard: a turn with
// three tools takes 300 ms instead of 50. Values are JSON.
const dynamicConfig = {
  'system.enableActivityEagerExecution': true,
  'history.transferProcessorMaxPollRPS': 2000,
  'history.transferProcessorMaxPollHostRPS': 2000,
  'history.timerProcessorMaxTimeShift': '20ms',
  // By default 10 minutes: so long stalled conversations stand still after their fault is mended.
  'history.workflowTaskRetryMaxInterval': '1m',
  // What waits for a worker is given out to owners in turn.
  'matching.enableFairness': true,
  // Every task queue has a worker deployment of its own, and a run of the tests has more than 100.
  'matching.maxDeployments': 10_000,
}

// With the default journal a commit to the file costs some 30 ms a turn more; this survives a kill as well.
const sqlitePragmas = {
  journal_mode: 'wal',
  synchronous: 'normal',
  cache_size: '-65536',
  temp_store: 'memory',
  mmap_size: '268435456',
}

export type TemporalOptions = {
  /** The `temporal` command, as `findTemporal` returns it. */
  command: string
  /** The database file; its folder is made when it is absent. */
  databaseFile: string
  logFile: string
  port: number
  uiPort: number
  /** Made besides `default` when it is another one. */
  namespace?: string
  /** Dynamic configuration besides ours. */
  settings?: Record<string, unknown>
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** Told as soon as there is a process, long before it serves. */
  onSpawn?: (child: Child) => void
}

export type RunningTemporal = {
  pid: number
  port: number
  address: string
  uiUrl: string
  exited: Promise<Exit>
  /** Stops; what does not stop within `graceMs` (default 5 s) is killed, which loses nothing. */
  stop: (graceMs?: number) => Promise<void>
}

/** Starts a Temporal development server with its UI on 127.0.0.1 and resolves when it serves. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  await mkdir(dirname(options.databaseFile), { recursive: true })
  options.signal?.throwIfAborted()
  const address = `127.0.0.1:${options.port}`
  const child = await withLog(options.logFile, (output) =>
    spawnChild({
      command: options.command,
      args: ['server', 'start-dev', ...flags(options)],
      cwd: dirname(options.databaseFile),
      env: { ...withoutTemporalSettings(options.env ?? process.env), GOGC: '400' },
      output,
    }),
  )
  options.onSpawn?.(child)
  const signal = options.signal ?? new AbortController().signal
  try {
    await waitUntilServing(() => isServing(address), { child, timeoutMs: 60_000, signal })
  } catch (error) {
    await child.stop(2_000)
    throw error
  }
  return {
    pid: child.pid,
    port: options.port,
    address,
    uiUrl: `http://localhost:${options.uiPort}`,
    exited: child.exited,
    stop: (graceMs = 5_000) => child.stop(graceMs),
  }
}

function flags(options: TemporalOptions): string[] {
  const { databaseFile, port, uiPort, namespace = 'default' } = options
  const pragmas = Object.entries(sqlitePragmas).map(([key, value]) => `${key}=${value}`)
  const attributes = Object.entries(searchAttributes).map(([key, type]) => `${key}=${toFlagType(type)}`)
  const settings = Object.entries({ ...dynamicConfig, ...options.settings }).map(
    ([key, value]) => `${key}=${JSON.stringify(value)}`,
  )
  return [
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--ui-port=${uiPort}`,
    `--db-filename=${databaseFile}`,
    `--namespace=${namespace}`,
    ...pragmas.map((pragma) => `--sqlite-pragma=${pragma}`),
    ...attributes.map((attribute) => `--search-attribute=${attribute}`),
    ...settings.map((setting) => `--dynamic-config-value=${setting}`),
  ]
}

/** The flag spells a type as the UI does: KEYWORD is Keyword there. */
function toFlagType(type: string): string {
  return type.charAt(0) + type.slice(1).toLowerCase()
}

// The command reads TEMPORAL_* as settings of its own and would take an address for the one to listen on.
function withoutTemporalSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')))
}

async function isServing(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 }).catch(() => undefined)
  if (!connection) return false
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    })
    return Object.keys(searchAttributes).every((name) => Object.hasOwn(customAttributes ?? {}, name))
  } catch {
    return false
  } finally {
    await connection.close()
  }
}
