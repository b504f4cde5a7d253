import { connectConfiguredChains, readChainSettings } from '../chain/connect-configured-chains.ts'
import type { Chains } from '../chain/connect-chains.ts'
import { createModelRegistry, type ModelRegistry } from '../models/model-registry.ts'
import { readProviderConfigs } from '../models/provider-config.ts'
import { assertConfiguration } from '../ops/assert-configuration.ts'
import type { Config } from '../ops/config.ts'
import type { Logger } from '../ops/logger.ts'
import { readEnvironment } from '../ops/read-environment.ts'
import { loadOfferedTools, type OfferedTools } from '../toolkit/load-offered-tools.ts'

/** What a deployment offers: the models, tools and chains that its configuration names. */
export type Catalogue = { models: ModelRegistry; tools: OfferedTools; chains: Chains }

/**
 * Opens the registries of a process.
 * @throws AppError `configuration`, naming the faults of models and chains together
 */
export async function connectCatalogue(config: Config, logger: Logger): Promise<Catalogue> {
  const env = readEnvironment()
  const { timeoutMs, idleTimeoutMs } = config.models
  assertConfiguration([
    () => readProviderConfigs(env, { timeoutMs, idleTimeoutMs }),
    () => readChainSettings(config.chains),
  ])
  const { providers, defaultModel } = readProviderConfigs(env, { timeoutMs, idleTimeoutMs })
  const chains = await connectConfiguredChains(config.chains, (chainId, err) =>
    logger.warn({ chainId, err }, 'a chain cannot be used now'),
  )
  const hasChain = chains.list().length > 0
  const tools = await loadOfferedTools(config.tools.folder, hasChain ? ['compiler', 'chain'] : ['compiler'])
  return { models: createModelRegistry(providers, defaultModel), tools, chains }
}
