import { connectConfiguredChains, readChainSettings } from '../chain/connect-configured-chains.ts'
import type { Chains } from '../chain/connect-chains.ts'
import { parseAddress } from '../chain/parse.ts'
import { createBudgets } from '../models/create-budgets.ts'
import { createModelRegistry, type ModelRegistry } from '../models/model-registry.ts'
import { readProviderConfigs } from '../models/provider-config.ts'
import { assertConfiguration } from '../ops/assert-configuration.ts'
import type { Budgets } from '../contracts/usage.ts'
import type { PermissionRule } from '../contracts/permission.ts'
import type { Config } from '../ops/config.ts'
import type { Logger } from '../ops/logger.ts'
import { readEnvironment } from '../ops/read-environment.ts'
import { loadPermissionRules } from '../permissions/load-permission-rules.ts'
import { assertLimitsOfServices, type ExternalServices } from '../services/external-services.ts'
import { createHttpPorts, type FindHttpPort, readHttpServices } from '../services/http-services.ts'
import { loadOfferedTools, type OfferedTools } from '../toolkit/load-offered-tools.ts'

/** What a deployment offers: the models, tools and chains that its configuration names, and the rules on them. */
export type Catalogue = {
  models: ModelRegistry
  budgets: Budgets
  tools: OfferedTools
  chains: Chains
  httpPort: FindHttpPort
  rules: readonly PermissionRule[]
}

/**
 * Opens the registries of a process.
 * @throws AppError `configuration`, naming the faults of models, chains and services together, then those of limits and budgets; `permission_rules_invalid`
 */
export async function connectCatalogue(
  config: Config,
  logger: Logger,
  services: Pick<ExternalServices, 'get'>,
): Promise<Catalogue> {
  const env = readEnvironment()
  const { timeoutMs, idleTimeoutMs } = config.models
  assertConfiguration([
    () => readProviderConfigs(env, { timeoutMs, idleTimeoutMs }),
    () => readChainSettings(config.chains),
    () => readHttpServices(config.services.http, config.services.headers),
  ])
  const httpServices = readHttpServices(config.services.http, config.services.headers)
  const { providers, ...chosen } = readProviderConfigs(env, { timeoutMs, idleTimeoutMs })
  assertLimitsOfServices(config.services.limits, [
    ...providers.map(({ name }) => `model:${name}`),
    ...readChainSettings(config.chains).chains.map(({ chainId }) => `chain:${chainId}`),
    ...httpServices.map(({ name }) => `http:${name}`),
  ])
  const models = createModelRegistry(providers, chosen)
  const budgets = createBudgets(
    config.budgets,
    models.list().map(({ id }) => id),
  )
  const chains = await connectConfiguredChains(config.chains, services, (chainId, err) =>
    logger.warn({ chainId, err }, 'a chain cannot be used now'),
  )
  const hasChain = chains.list().length > 0
  const tools = await loadOfferedTools(config.tools.folder, [
    'compiler',
    'memory',
    ...(hasChain ? (['chain'] as const) : []),
    ...httpServices.map(({ name }) => `http:${name}` as const),
  ])
  const toolNames = [...tools.offered.list(), ...tools.absent].map(({ name }) => name)
  const rules = await loadPermissionRules(config.permissions.rulesPath, { toolNames, parseAddress })
  return { models, budgets, tools, chains, httpPort: createHttpPorts(httpServices, services), rules }
}
