import type { ServiceCaller } from '../services/service-caller.ts'
import type { ChainPort } from '../toolkit/tool-services.ts'
import { readAccountInfo } from './account-info.ts'
import { readChainContext } from './chain-context.ts'
import type { ChainRegistry } from './chain-context.ts'
import type { ChainLink } from './chain-link.ts'
import { readContract } from './read-contract.ts'
import { simulateDeployment } from './simulate-deployment.ts'
import { readTokenBalances } from './token-balances.ts'

/** Gives one caller's tools a chain to read. Each reading is bound to one block, which it returns. */
export function createChainPort(link: ChainLink, registry: ChainRegistry, caller: ServiceCaller): ChainPort {
  const registered = registry.tokens.map(({ address }) => address)
  const registrySymbols = new Map(registry.tokens.map(({ address, symbol }) => [address, symbol]))
  return {
    chainId: link.chainId,
    context: ({ signal }) =>
      link.withReader({ caller, signal }, (reader, facts) => readChainContext(reader, facts, registry)),
    accountInfo: (address, { signal }) =>
      link.withReader({ caller, signal }, (reader) => readAccountInfo(reader, address)),
    tokenBalances: ({ address, tokens = registered }, { signal }) =>
      link.withReader({ caller, signal }, (reader) =>
        readTokenBalances(reader, { address, tokens, registrySymbols }),
      ),
    readContract: (request, { signal }) =>
      link.withReader({ caller, signal }, (reader) => readContract(reader, request)),
    simulateDeployment: (request, { signal }) =>
      link.withReader({ caller, signal }, (reader) => simulateDeployment(reader, request)),
  }
}
