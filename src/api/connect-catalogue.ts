import { parseChains, parseNamedAccounts, parseTokens } from '../chain/chain-config.ts'
import { connectChains, type Chains } from '../chain/connect-chains.ts'
import { createModelRegistry, type ModelRegistry } from '../models/model-registry.ts'
import { readProviderConfigs } from '../models/provider-config.ts'
import type { Config } from '../ops/config.ts'
import type { Logger } from '../ops/logger.ts'
import { readEnvironment } from '../ops/read-environment.ts'
import { loadTools, ownToolsFolder } from '../toolkit/load-tools.ts'
import type { ServiceName } from '../toolkit/tool.ts'
import type { ApiServices } from './api-services.ts'

/** The registries that say what this deployment offers. */
export async function connectCatalogue(
  config: Config,
  logger: Logger,
): Promise<{ models: ModelRegistry; tools: ApiServices['tools']; chains: Chains }> {
  const { providers, defaultModel } = readProviderConfigs(readEnvironment())
  const endpoints = parseChains(config.chains.chains ?? '')
  const chains = await connectChains({
    chains: endpoints,
    namedAccounts: parseNamedAccounts(config.chains.namedAccounts ?? ''),
    tokens: parseTokens(config.chains.tokens ?? ''),
    onProblem: (chainId, err) => logger.warn({ chainId, err }, 'a chain cannot be used now'),
  })
  const folders = [ownToolsFolder, ...(config.tools.folder === undefined ? [] : [config.tools.folder])]
  const loaded = await loadTools(folders)
  const available: ServiceName[] = ['compiler', ...(endpoints.length === 0 ? [] : (['chain'] as const))]
  const { tools, absent } = loaded.offered(available)
  return { models: createModelRegistry(providers, defaultModel), tools: { offered: tools, absent }, chains }
}
