import type { ActivityServices } from '../activities/activity-services.ts'
import { openStopRegistry } from '../activities/stop-registry.ts'
import { parseChains, parseNamedAccounts, parseTokens } from '../chain/chain-config.ts'
import { createCompiler } from '../chain/compiler.ts'
import { connectChains } from '../chain/connect-chains.ts'
import { createModelRegistry } from '../models/model-registry.ts'
import { readProviderConfigs } from '../models/provider-config.ts'
import { loadSystemPrompt } from '../models/system-prompt.ts'
import type { Config } from '../ops/config.ts'
import type { Logger } from '../ops/logger.ts'
import { readEnvironment } from '../ops/read-environment.ts'
import type { Database } from '../store/database.ts'
import { createPostgresEventLog } from '../store/postgres-event-log.ts'
import { createPostgresHistory } from '../store/postgres-history.ts'
import { loadTools, ownToolsFolder } from '../toolkit/load-tools.ts'
import { toModelTool } from '../toolkit/model-tool.ts'
import { createToolRegistry } from '../toolkit/tool-registry.ts'
import type { ServiceName } from '../toolkit/tool.ts'

export type ConnectedServices = { services: ActivityServices; close(): Promise<void> }

/** Makes everything that activities use, once for the whole worker. */
export async function connectServices(
  config: Config,
  database: Database,
  logger: Logger,
): Promise<ConnectedServices> {
  const onProblem = (err: unknown) => logger.warn({ err }, 'a connection broke and is being replaced')
  const { timeoutMs, idleTimeoutMs } = config.models
  const { providers, defaultModel } = readProviderConfigs(readEnvironment(), { timeoutMs, idleTimeoutMs })
  const endpoints = parseChains(config.chains.chains ?? '')
  const chains = await connectChains({
    chains: endpoints,
    namedAccounts: parseNamedAccounts(config.chains.namedAccounts ?? ''),
    tokens: parseTokens(config.chains.tokens ?? ''),
    onProblem: (chainId, err) => logger.warn({ chainId, err }, 'a chain cannot be used now'),
  })
  const compiler = createCompiler()
  const loaded = await loadTools([
    ownToolsFolder,
    ...(config.tools.folder === undefined ? [] : [config.tools.folder]),
  ])
  const available: ServiceName[] = ['compiler', ...(endpoints.length === 0 ? [] : (['chain'] as const))]
  const tools = createToolRegistry(loaded.offered(available).tools)
  const stops = await openStopRegistry(database, onProblem)
  const services: ActivityServices = {
    database,
    log: createPostgresEventLog(database, { onChannelError: onProblem }),
    history: createPostgresHistory(database),
    models: createModelRegistry(providers, defaultModel),
    prompt: await loadSystemPrompt(config.models.systemPromptPath),
    tools,
    modelTools: new Map(tools.list().map((tool) => [tool.name, toModelTool(tool)])),
    toolServices: {
      chain: (chainId) => chains.chain(chainId),
      compiler: () => compiler,
      now: () => new Date(),
    },
    stops,
    logger,
    settings: {
      modelTimeoutMs: timeoutMs,
      modelTries: config.models.tries,
      maxOutputTokens: config.models.maxOutputTokens,
      turnTimeoutMs: config.turn.timeoutMs,
      toolTimeoutMs: config.tools.timeoutMs,
      toolTries: config.tools.tries,
      defaultChainId: endpoints[0]?.chainId ?? 0,
    },
  }
  return {
    services,
    async close() {
      chains.close()
      await services.history.flush()
      await stops.close()
    },
  }
}
