/** The shared servers of a test run, as a test file uses them. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from 'pg'
import { afterAll, inject } from 'vitest'

import type { SharedServers } from './starters.ts'

/** A database that belongs to one test file. */
export type TestDatabase = { name: string; url: string }

const leakGraceMs = 1_000

/**
 * Makes an empty database in the shared PostgreSQL. Call it at the top level of a test file: it is dropped
 * after the last test, and a connection that is still open then fails the file.
 */
export async function createDatabase(): Promise<TestDatabase> {
  const { url: adminUrl } = await askFor('postgres')
  const name = `test_${randomBytes(6).toString('hex')}`
  await withAdmin(adminUrl, (admin) => admin.query(`create database ${name}`))
  afterAll(() => withAdmin(adminUrl, (admin) => dropDatabase(admin, name)))
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return { name, url: url.href }
}

/** The address of the shared Temporal server. Use a task queue of your own in each test file. */
export async function temporalAddress(): Promise<string> {
  return (await askFor('temporal')).address
}

/** The shared local chain with its fixture: RPC URL and what api and worker are told of the fixture. */
export function localChain(): Promise<SharedServers['anvil']> {
  return askFor('anvil')
}

/** Makes a folder that is gone after the run, for a server or a clone that a test has for itself. */
export async function createTestDir(name: string): Promise<string> {
  const dir = await mkdtemp(join(inject('runDir'), `${name}-`))
  // A database server may run as another account.
  await chmod(dir, 0o755)
  return dir
}

async function askFor<Name extends keyof SharedServers>(name: Name): Promise<SharedServers[Name]> {
  const response = await fetch(`${inject('starters')}/${name}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`The shared ${name} did not start: ${text}`)
  return JSON.parse(text)
}

async function withAdmin<T>(url: string, use: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url })
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.end()
  }
}

async function dropDatabase(admin: Client, name: string): Promise<void> {
  // The server notices a closed connection a moment after the client is done with it.
  const deadline = Date.now() + leakGraceMs
  let open = await listConnections(admin, name)
  while (open.length > 0 && Date.now() < deadline) {
    await sleep(20)
    open = await listConnections(admin, name)
  }
  await admin.query(`drop database ${name} with (force)`)
  if (open.length > 0) throw new Error(`Leaked database connections:\n${open.join('\n')}`)
}

async function listConnections(admin: Client, name: string): Promise<string[]> {
  const { rows } = await admin.query<{ text: string }>(
    `select concat_ws(' ', pid, application_name, state, left(query, 200)) as text
       from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
    [name],
  )
  return rows.map(({ text }) => text)
}
