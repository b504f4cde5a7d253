/** Servers that belong to one test file, which may kill them. */
import { join } from 'node:path'

import { startPostgres } from '../../dev/postgres.ts'
import { findAnyPort } from '../../dev/process/ports.ts'
import { startTemporal } from '../../dev/temporal-server.ts'
import { findTemporal } from '../../dev/temporal.ts'
import { createTestDir } from './servers.ts'

/** A server whose data and address survive its death. */
export type OwnServer = {
  /** `host:port` of Temporal, or the URL of the database. */
  address: string
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts again on the same data and port. */
  restart(): Promise<void>
  close(): Promise<void>
}

type Running = { pid: number; exited: Promise<unknown>; stop(graceMs?: number): Promise<void> }

/** Starts a Temporal server with a database file of its own; `settings` are dynamic configuration. */
export async function startOwnTemporal(settings: Record<string, unknown> = {}): Promise<OwnServer> {
  const dir = await createTestDir('temporal')
  const [port, uiPort] = [await findAnyPort(), await findAnyPort()]
  const { signal } = new AbortController()
  const command = await findTemporal({ env: process.env, signal, report: (text) => console.error(text) })
  return toOwnServer(`127.0.0.1:${port}`, () =>
    startTemporal({
      command,
      databaseFile: join(dir, 'temporal.db'),
      logFile: join(dir, 'temporal.log'),
      port,
      uiPort,
      settings,
    }),
  )
}

/** Starts a PostgreSQL server that writes as safely as in production. */
export async function startOwnPostgres(): Promise<OwnServer> {
  const dir = await createTestDir('postgres')
  const port = await findAnyPort()
  let url = ''
  const server = await toOwnServer('', async () => {
    const running = await startPostgres({
      dir,
      passwordFile: join(dir, 'password'),
      logFile: join(dir, 'postgres.log'),
      port,
    })
    url = running.url
    return running
  })
  return { ...server, address: url }
}

async function toOwnServer(address: string, start: () => Promise<Running>): Promise<OwnServer> {
  let running = await start()
  return {
    address,
    async kill() {
      process.kill(running.pid, 'SIGKILL')
      await running.exited
    },
    async restart() {
      running = await start()
    },
    close: () => running.stop(0),
  }
}
