import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'

import { startAnvil } from '../../dev/anvil.ts'
import { deployFixture } from '../../dev/fixture/deploy-fixture.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { findAnyPort } from '../../dev/process/ports.ts'
import { startTemporal } from '../../dev/temporal-server.ts'
import { findTemporal } from '../../dev/temporal.ts'

/** What the shared servers of a run are reached by. */
export type SharedServers = {
  postgres: { url: string }
  temporal: { address: string; uiUrl: string }
  anvil: { rpcUrl: string; namedAccounts: string; tokens: string }
}

type Started = { facts: SharedServers[keyof SharedServers]; stop: () => Promise<void> }

/** Serves, to the processes of the test files, addresses of servers that start when they are first asked for. */
export async function serveStarters(runDir: string): Promise<{ url: string; stop(): Promise<void> }> {
  const starters: Record<string, () => Promise<Started>> = {
    '/postgres': () => startSharedPostgres(runDir),
    '/temporal': () => startSharedTemporal(runDir),
    '/anvil': () => startSharedAnvil(runDir),
  }
  const started = new Map<string, Promise<Started>>()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const starting = started.get(path) ?? starters[path]?.()
    if (!starting) return void response.writeHead(404).end()
    started.set(path, starting)
    starting.then(
      ({ facts }) => response.end(JSON.stringify(facts)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.close()
      const stopping = [...started.values()].map(async (starting) => (await starting).stop())
      // One that did not start has nothing to stop; its error reached the test file that asked.
      await Promise.allSettled(stopping)
    },
  }
}

async function startSharedPostgres(runDir: string): Promise<Started> {
  const dir = join(runDir, 'postgres')
  const { url, stop } = await startPostgres({
    dir,
    passwordFile: join(runDir, 'postgres-password'),
    logFile: join(runDir, 'postgres.log'),
    port: await findAnyPort(),
    durable: false,
  })
  return { facts: { url }, stop }
}

async function startSharedTemporal(runDir: string): Promise<Started> {
  const { signal } = new AbortController()
  const { address, uiUrl, stop } = await startTemporal({
    command: await findTemporal({ env: process.env, signal, report: (text) => console.error(text) }),
    databaseFile: join(runDir, 'temporal.db'),
    logFile: join(runDir, 'temporal.log'),
    port: await findAnyPort(),
    uiPort: await findAnyPort(),
  })
  // Its data goes with the folder, so nothing is worth the seconds that a gentle stop takes.
  return { facts: { address, uiUrl }, stop: () => stop(0) }
}

async function startSharedAnvil(runDir: string): Promise<Started> {
  const logFile = join(runDir, 'anvil.log')
  const { rpcUrl, stop } = await startAnvil({ logFile, port: await findAnyPort() })
  return { facts: { rpcUrl, ...(await deployFixture(rpcUrl)) }, stop }
}
