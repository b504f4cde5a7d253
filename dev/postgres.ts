import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client, DatabaseError } from 'pg'

import { chooseAccount } from './postgres/account.ts'
import { findPostgresBinaries } from './postgres/binaries.ts'
import { type Cluster, ensureCluster, superuser } from './postgres/cluster.ts'
import { endPostgresRemains } from './postgres/end-remains.ts'
import { type Child, type Exit, spawnChild } from './process/child.ts'
import { readTail, withLog } from './process/log-file.ts'
import { EndedEarly, waitUntilServing } from './process/wait-until.ts'

export type PostgresOptions = {
  /** Where the cluster lives; another account must be able to enter its parent when we are root. */
  dir: string
  /** Where the random password is kept, mode 0600. */
  passwordFile: string
  logFile: string
  port: number
  /** False gives up safety against a power cut for speed, as tests want it. Default true. */
  durable?: boolean
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** Called right before the server takes its port; making the cluster first takes seconds. */
  claimPort?: () => Promise<void>
  /** Told as soon as there is a process, long before it serves. */
  onSpawn?: (child: Child) => void
}

export type RunningPostgres = {
  pid: number
  port: number
  /** Connects as superuser to the database `perdura`. */
  url: string
  /** The same through a Unix socket, which saves a fifth of a turn's CPU; over TCP where there can be none. */
  socketUrl: string
  exited: Promise<Exit>
  /** Ends all connections and stops; what does not stop within `graceMs` (default 5 s) is killed. */
  stop: (graceMs?: number) => Promise<void>
}

/**
 * Starts a PostgreSQL server of its own on 127.0.0.1, makes its cluster when there is none, and resolves when
 * it serves. What an earlier server left behind on the same data is ended first.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = join(options.dir, 'data')
  const account = await chooseAccount(dataDir)
  const binDir = await findPostgresBinaries({ shared: account !== undefined })
  const cluster: Cluster = { ...options, binDir, dataDir, ...(account && { account }) }
  const password = await ensureCluster(cluster)
  await endPostgresRemains(dataDir)
  await options.claimPort?.()
  const child = await serve(cluster, options)
  const url = urlOf('perdura', '127.0.0.1', options.port, password)
  const socketHost = canHoldSocket(dataDir) ? encodeURIComponent(dataDir) : '127.0.0.1'
  try {
    await ensureDatabase(urlOf('postgres', '127.0.0.1', options.port, password))
  } catch (error) {
    await child.stop(2_000, 'SIGINT')
    throw error
  }
  return {
    pid: child.pid,
    port: options.port,
    url,
    socketUrl: urlOf('perdura', socketHost, options.port, password),
    exited: child.exited,
    // SIGINT is PostgreSQL's "fast" stop; SIGTERM would wait for every client to leave.
    stop: (graceMs = 5_000) => child.stop(graceMs, 'SIGINT'),
  }
}

async function serve(cluster: Cluster, options: PostgresOptions): Promise<Child> {
  const signal = options.signal ?? new AbortController().signal
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    const child = await spawnServer(cluster, options)
    options.onSpawn?.(child)
    try {
      await waitUntilServing(() => isReady(cluster.dataDir, child.pid), { child, timeoutMs: 60_000, signal })
      return child
    } catch (error) {
      await child.stop(2_000, 'SIGINT')
      if (attempt > 20 || !(error instanceof EndedEarly) || !(await isHeldByRemains(options.logFile)))
        throw error
      await sleep(500, undefined, { signal })
    }
  }
}

// Where there is no /proc to see backends in, the server itself tells that some are left.
async function isHeldByRemains(logFile: string): Promise<boolean> {
  return /pre-existing shared memory|lock file "postmaster.pid" already exists/.test(
    await readTail(logFile, 4),
  )
}

function spawnServer({ binDir, dataDir, account }: Cluster, options: PostgresOptions): Promise<Child> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    // Nobody else may enter the cluster's folder.
    unix_socket_directories: canHoldSocket(dataDir) ? `"${dataDir.replaceAll('"', '""')}"` : '',
    max_connections: '200',
    ...(options.durable === false && { fsync: 'off', full_page_writes: 'off' }),
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return withLog(options.logFile, (output) =>
    spawnChild({
      command: join(binDir, 'postgres'),
      args: ['-D', dataDir, ...args],
      cwd: dataDir,
      env: { ...process.env, ...options.env, LC_ALL: 'C' },
      output,
      ...(account && { account }),
    }),
  )
}

/** A socket's path has 107 bytes at most, its own name included. */
function canHoldSocket(folder: string): boolean {
  return process.platform !== 'win32' && Buffer.byteLength(folder) <= 85
}

function urlOf(database: string, host: string, port: number, password: string): string {
  return `postgresql://${superuser}:${password}@${host}:${port}/${database}`
}

/** Asks the server's own record: a connection could reach a stranger that took the port first. */
async function isReady(dataDir: string, pid: number): Promise<boolean> {
  const record = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = record.split('\n')
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl })
  await client.connect().catch((cause: unknown) => {
    if (!(cause instanceof DatabaseError) || cause.code !== '28P01') throw cause
    throw new Error('The kept password of the embedded database is wrong', { cause })
  })
  try {
    const { rowCount } = await client.query(`select from pg_database where datname = 'perdura'`)
    if (rowCount === 0) await client.query('create database perdura')
  } finally {
    await client.end()
  }
}
