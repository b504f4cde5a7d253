import { onTestFinished } from 'vitest'

import { parseNamedAccounts, parseTokens } from '../../src/chain/chain-config.ts'
import { connectChains } from '../../src/chain/connect-chains.ts'
import type { Chains } from '../../src/chain/connect-chains.ts'
import type { SharedServers } from '../support/starters.ts'
import { openServices } from '../support/unshared-services.ts'

/** Connects to a local chain with its fixture, until the test ends. */
export async function openChains(local: SharedServers['anvil']): Promise<Chains> {
  const chains = await connectChains({
    services: openServices(),
    chains: [{ chainId: 31337, rpcUrl: local.rpcUrl }],
    namedAccounts: parseNamedAccounts(local.namedAccounts),
    tokens: parseTokens(local.tokens),
  })
  onTestFinished(() => chains.close())
  return chains
}
