import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import type { Account } from './account.ts'

const run = promisify(execFile)

/** A database cluster on disk: what it takes to make it and to start a server on it. */
export type Cluster = {
  binDir: string
  /** The folder that holds `data` and nothing that others may read. */
  dir: string
  dataDir: string
  passwordFile: string
  /** False does not wait for the disk. */
  durable?: boolean
  account?: Account
  signal?: AbortSignal
}

export const superuser = 'perdura'

/** Makes the cluster if there is none and returns the password of its superuser. */
export async function ensureCluster(cluster: Cluster): Promise<string> {
  const version = await readFile(join(cluster.dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version === undefined) return createCluster(cluster)
  await assertSameVersion(cluster, version.trim())
  return readFile(cluster.passwordFile, 'utf8').catch((cause: unknown) => {
    throw new Error(
      `The password of the embedded database is missing (${cluster.passwordFile}). ` +
        'Put the file back, or wipe the local data with: npm start -- --reset',
      { cause },
    )
  })
}

async function createCluster(cluster: Cluster): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  // The mode is for the last folder only: its parents must let the server's account through.
  await mkdir(dirname(cluster.dir), { recursive: true })
  await mkdir(cluster.dir, { recursive: true, mode: 0o700 })
  if (cluster.account) await chown(cluster.dir, cluster.account.uid, cluster.account.gid)
  await mkdir(dirname(cluster.passwordFile), { recursive: true })
  await writeFile(cluster.passwordFile, password, { mode: 0o600 })
  // A start that was killed half-way leaves an unfinished folder, never a half-made cluster.
  const unfinished = join(cluster.dir, 'unfinished')
  await rm(unfinished, { recursive: true, force: true })
  await runInitdb(cluster, unfinished, password)
  await rename(unfinished, cluster.dataDir)
  return password
}

async function runInitdb(cluster: Cluster, dataDir: string, password: string): Promise<void> {
  const { binDir, dir, durable, account, signal } = cluster
  const passwordFile = join(dir, 'initdb-password')
  await rm(passwordFile, { force: true })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  const args = [
    `--pgdata=${dataDir}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order and the same messages on every machine, whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable === false ? ['--no-sync'] : []),
  ]
  try {
    const env = { ...process.env, LC_ALL: 'C' }
    await run(join(binDir, 'initdb'), args, { cwd: dir, env, ...account, ...(signal && { signal }) })
  } finally {
    await rm(passwordFile, { force: true })
  }
}

async function assertSameVersion({ binDir }: Cluster, found: string): Promise<void> {
  const { stdout } = await run(join(binDir, 'postgres'), ['--version'])
  const major = /(\d+)/.exec(stdout)?.[1]
  if (major === found) return
  throw new Error(
    `The local data was made by PostgreSQL ${found}, this is PostgreSQL ${major}. ` +
      'Dump it with the older version, or wipe it with: npm start -- --reset',
  )
}
