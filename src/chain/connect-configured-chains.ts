import type { Config } from '../ops/config.ts'
import type { ExternalServices } from '../services/external-services.ts'
import { parseChains, parseNamedAccounts, parseTokens } from './chain-config.ts'
import { type Chains, connectChains } from './connect-chains.ts'

/** Reads the chain settings. @throws AppError `configuration` */
export function readChainSettings({
  chains = '',
  namedAccounts = '',
  tokens = '',
}: Partial<Config['chains']>) {
  return {
    chains: parseChains(chains),
    namedAccounts: parseNamedAccounts(namedAccounts),
    tokens: parseTokens(tokens),
  }
}

/** Opens the chains of the configuration; the first one is the default. */
export async function connectConfiguredChains(
  config: Config['chains'],
  services: Pick<ExternalServices, 'get'>,
  onProblem: (chainId: number, error: unknown) => void,
): Promise<Chains> {
  return connectChains({ ...readChainSettings(config), services, onProblem })
}
