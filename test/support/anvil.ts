/** What tests need of a local chain beyond its readings. */
import { createPublicClient, createTestClient, createWalletClient, encodeDeployData, http } from 'viem'
import type { Abi, Address } from 'viem'
import { z } from 'zod'

import { compileFixture } from '../../dev/fixture/compile.ts'

const abiSchema = z.custom<Abi>((value) => Array.isArray(value))

/** Deploys one contract of a compiled source and returns its address. */
export type Deploy = (contract: string, args?: readonly unknown[]) => Promise<Address>

/** Compiles a source, once, for contracts that only a test wants to exist. */
export function openDeployer(rpcUrl: string, source: string): Deploy {
  const artifacts = compileFixture(source)
  const transport = http(rpcUrl)
  const sender = createWalletClient({ transport })
  const reader = createPublicClient({ transport, pollingInterval: 20 })
  return async (contract, args = []) => {
    const artifact = artifacts.get(contract)
    const [account] = await sender.getAddresses()
    if (!artifact || !account) throw new Error(`${contract} cannot be deployed.`)
    const data = encodeDeployData({
      abi: abiSchema.parse(artifact.abi),
      bytecode: `0x${artifact.bytecode.slice(2)}`,
      args,
    })
    const hash = await sender.sendTransaction({ account, chain: null, data })
    const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new Error(`${contract} was not deployed.`)
    return contractAddress
  }
}

/** Anvil's own methods, for states that no transaction makes. */
export function openTestClient(rpcUrl: string) {
  return createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
}
