import { startAnvil } from '../anvil.ts'
import { deployFixture } from '../fixture/deploy-fixture.ts'
import { startPostgres } from '../postgres.ts'
import { waitForFreePort } from '../process/ports.ts'
import { startTemporal } from '../temporal-server.ts'
import { findTemporal } from '../temporal.ts'
import type { Part } from './part.ts'
import type { Paths } from './paths.ts'

// A server that was killed may hold its port for a moment longer.
const portWaitMs = 10_000

type LocalPartOptions = { paths: Paths; env: NodeJS.ProcessEnv; port: number }

export type PostgresPartOptions = LocalPartOptions & { dir: string; onUrl: (url: string) => void }

/** The embedded database. `onUrl` is told how to reach it. */
export function createPostgresPart({ paths, env, port, dir, onUrl }: PostgresPartOptions): Part {
  const logFile = paths.logOf('postgres')
  return {
    name: 'postgres',
    tier: 'database',
    port,
    logFile,
    async start(context) {
      await waitForFreePort(port, portWaitMs)
      const { postgresPassword: passwordFile } = paths
      const running = await startPostgres({ ...context, env, port, dir, passwordFile, logFile })
      onUrl(running.url)
      return running
    },
  }
}

export type TemporalPartOptions = LocalPartOptions & { uiPort: number; uiUrl: string }

/** The Temporal development server with its UI. */
export function createTemporalPart({ paths, env, port, uiPort, uiUrl }: TemporalPartOptions): Part {
  const logFile = paths.logOf('temporal')
  return {
    name: 'temporal',
    tier: 'server',
    port,
    url: uiUrl,
    logFile,
    async start(context) {
      const command = await findTemporal({ env, ...context })
      await Promise.all([waitForFreePort(port, portWaitMs), waitForFreePort(uiPort, portWaitMs)])
      const { temporalDatabase: databaseFile } = paths
      return startTemporal({ ...context, env, command, databaseFile, logFile, port, uiPort })
    },
  }
}

export type AnvilPartOptions = LocalPartOptions & {
  rpcUrl: string
  onFixture: (fixture: { namedAccounts: string; tokens: string }) => void
}

/** The local chain with its fixture. `onFixture` is told what stands on it. */
export function createAnvilPart({ paths, env, port, rpcUrl, onFixture }: AnvilPartOptions): Part {
  const logFile = paths.logOf('anvil')
  return {
    name: 'anvil',
    tier: 'server',
    port,
    url: rpcUrl,
    logFile,
    async start(context) {
      await waitForFreePort(port, portWaitMs)
      const running = await startAnvil({ ...context, env, port, logFile, stateFile: paths.anvilState })
      try {
        onFixture(await deployFixture(rpcUrl))
      } catch (error) {
        await running.stop(2_000)
        throw error
      }
      return running
    },
  }
}
