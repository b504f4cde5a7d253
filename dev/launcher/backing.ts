import type { Environment } from '../../src/ops/read-environment.ts'
import { anvilChainId } from '../anvil.ts'
import type { Addresses } from './addresses.ts'
import { assertDatabase, assertTemporal } from './external.ts'
import { createAnvilPart, createPostgresPart, createTemporalPart } from './local-parts.ts'
import { createNodePart } from './node-part.ts'
import type { Part } from './part.ts'
import type { Paths } from './paths.ts'
import type { Ports } from './ports.ts'
import { choosePostgresDir } from './postgres-dir.ts'
import type { Screen } from './screen.ts'

export type BackingOptions = {
  paths: Paths
  ports: Ports
  addresses: Addresses
  /** The configuration, which decides what is ours to start. */
  settings: Environment
  /** The environment of every part. */
  env: NodeJS.ProcessEnv
  screen: Screen
  start: (part: Part) => Promise<void>
}

/** Settings that tell api and worker what they stand on. */
export type BackingEnv = Record<string, string>

/**
 * Starts, at the same time, whatever the configuration does not name: database, Temporal, chain and model.
 * Completes `addresses` with what is known only then.
 */
export async function startBacking(options: BackingOptions): Promise<BackingEnv> {
  const made = await Promise.all([
    backDatabase(options),
    backTemporal(options),
    backChains(options),
    backModel(options),
  ])
  return Object.assign({}, ...made)
}

async function backDatabase(options: BackingOptions): Promise<BackingEnv> {
  const { paths, ports, addresses, env, screen, start } = options
  if (ports.postgres) {
    let told = ''
    const onUrls = ({ url, socketUrl }: { url: string; socketUrl: string }) => {
      addresses.databaseUrl = url
      told = socketUrl
    }
    const dir = await choosePostgresDir(paths.home)
    await start(createPostgresPart({ paths, env, reserved: ports.postgres, dir, onUrls }))
    return { DATABASE_URL: told }
  }
  await assertDatabase(addresses.databaseUrl)
  screen.part('postgres', 'using the database of DATABASE_URL')
  return { DATABASE_URL: addresses.databaseUrl }
}

async function backTemporal(options: BackingOptions): Promise<BackingEnv> {
  const { paths, ports, addresses, settings, env, screen, start } = options
  const { temporalAddress, temporalUiUrl: uiUrl = '' } = addresses
  if (ports.temporal) {
    const namespace = settings['TEMPORAL_NAMESPACE'] ?? 'default'
    await start(createTemporalPart({ paths, env, ports: ports.temporal, uiUrl, namespace }))
  } else {
    await assertTemporal(temporalAddress)
    screen.part('temporal', `using the server at ${temporalAddress} (TEMPORAL_ADDRESS)`)
  }
  return { TEMPORAL_ADDRESS: temporalAddress }
}

async function backChains(options: BackingOptions): Promise<BackingEnv> {
  const { paths, ports, addresses, settings, env, screen, start } = options
  if (!ports.anvil) {
    screen.part('anvil', 'not started: using the chains of PERDURA_CHAINS')
    return {}
  }
  const { rpcUrl } = addresses
  let fixture = { namedAccounts: '', tokens: '' }
  const onFixture = (found: typeof fixture): void => void (fixture = found)
  await start(createAnvilPart({ paths, env, reserved: ports.anvil, rpcUrl, onFixture }))
  return {
    PERDURA_CHAINS: `${anvilChainId}=${rpcUrl}`,
    PERDURA_NAMED_ACCOUNTS: settings['PERDURA_NAMED_ACCOUNTS'] ?? fixture.namedAccounts,
    PERDURA_TOKENS: settings['PERDURA_TOKENS'] ?? fixture.tokens,
  }
}

async function backModel({ paths, ports, env, screen, start }: BackingOptions): Promise<BackingEnv> {
  if (!ports.model) return {}
  screen.line('No model key configured: using the scripted demo model. Set OPENAI_API_KEY to use a real one.')
  const url = `http://127.0.0.1:${ports.model.port}/v1`
  await start(
    createNodePart({
      name: 'model',
      tier: 'app',
      file: 'src/models/scripted/main.ts',
      projectDir: paths.projectDir,
      logFile: paths.logOf('model'),
      env,
      reserved: ports.model,
      url,
    }),
  )
  return { PERDURA_PROVIDERS: 'scripted', SCRIPTED_BASE_URL: url, PERDURA_MODEL: 'scripted/demo' }
}
