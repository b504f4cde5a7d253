import { formatGwei } from 'viem'

import type { ChainContext } from '../toolkit/tool-services.ts'
import type { ChainFacts } from './chain-link.ts'
import { findChainName } from './chain-names.ts'
import type { NamedAccount, RegistryToken } from './chain-config.ts'
import type { ChainReader } from './clients.ts'
import { readLatestBlock } from './latest-block.ts'

/** What the operator has configured for one chain. */
export type ChainRegistry = {
  chainId: number
  namedAccounts: readonly NamedAccount[]
  tokens: readonly RegistryToken[]
}

/** Reads where a chain stands, with the accounts and tokens that the operator has named. */
export async function readChainContext(
  reader: ChainReader,
  facts: ChainFacts,
  { chainId, namedAccounts, tokens }: ChainRegistry,
): Promise<ChainContext> {
  const block = await readLatestBlock(reader)
  const { name, nativeSymbol } = findChainName(chainId)
  return {
    chainId,
    name,
    nativeSymbol,
    local: facts.isLocal,
    block: { ...block.ref, timestamp: new Date(block.timestampMs).toISOString() },
    baseFeeGwei: formatGwei(block.baseFeeWei),
    // On a chain of the world "Alice" would be a stranger's address.
    namedAccounts: facts.isLocal ? namedAccounts.map((account) => ({ ...account })) : [],
    tokens: tokens.map(({ symbol, address, decimals }) => ({ symbol, address, decimals })),
  }
}
