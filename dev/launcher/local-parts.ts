import { startAnvil } from '../anvil.ts'
import { deployFixture } from '../fixture/deploy-fixture.ts'
import { type RunningPostgres, startPostgres } from '../postgres.ts'
import type { ReservedPort } from '../process/reserved-port.ts'
import { startTemporal } from '../temporal-server.ts'
import { findTemporal } from '../temporal.ts'
import type { Part } from './part.ts'
import type { Paths } from './paths.ts'

type LocalPartOptions = { paths: Paths; env: NodeJS.ProcessEnv }

export type PostgresPartOptions = LocalPartOptions & {
  reserved: ReservedPort
  dir: string
  onUrls: (urls: Pick<RunningPostgres, 'url' | 'socketUrl'>) => void
}

/** The embedded database. `onUrls` is told how to reach it. */
export function createPostgresPart({ paths, env, reserved, dir, onUrls }: PostgresPartOptions): Part {
  const { port } = reserved
  const logFile = paths.logOf('postgres')
  return {
    name: 'postgres',
    tier: 'database',
    port,
    logFile,
    async start(context) {
      const { postgresPassword: passwordFile } = paths
      const claimPort = () => reserved.claim(context.signal)
      const running = await startPostgres({ ...context, env, port, claimPort, dir, passwordFile, logFile })
      onUrls(running)
      return running
    },
  }
}

export type TemporalPartOptions = LocalPartOptions & {
  ports: { server: ReservedPort; ui: ReservedPort }
  uiUrl: string
  namespace: string
}

/** The Temporal development server with its UI. */
export function createTemporalPart({ paths, env, ports, uiUrl, namespace }: TemporalPartOptions): Part {
  const { port } = ports.server
  const logFile = paths.logOf('temporal')
  return {
    name: 'temporal',
    tier: 'server',
    port,
    url: uiUrl,
    logFile,
    async start(context) {
      const command = await findTemporal({ env, ...context })
      await Promise.all([ports.server.claim(context.signal), ports.ui.claim(context.signal)])
      const { temporalDatabase: databaseFile } = paths
      const uiPort = ports.ui.port
      return startTemporal({ ...context, env, command, databaseFile, logFile, port, uiPort, namespace })
    },
  }
}

export type AnvilPartOptions = LocalPartOptions & {
  reserved: ReservedPort
  rpcUrl: string
  onFixture: (fixture: { namedAccounts: string; tokens: string }) => void
}

/** The local chain with its fixture. `onFixture` is told what stands on it. */
export function createAnvilPart({ paths, env, reserved, rpcUrl, onFixture }: AnvilPartOptions): Part {
  const { port } = reserved
  const logFile = paths.logOf('anvil')
  return {
    name: 'anvil',
    tier: 'server',
    port,
    url: rpcUrl,
    logFile,
    async start(context) {
      await reserved.claim(context.signal)
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
