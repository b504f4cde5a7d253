import { parseAbi } from 'viem'
import type { Address, Hex } from 'viem'

import { isChainRefusal } from './chain-error.ts'
import type { ChainReader } from './clients.ts'

export type ReadCall = { to: Address; data: Hex }

/** What a call returned; absent when it reverted, returned nothing or broke a limit. */
export type ReadAnswer = Hex | undefined

const multicall3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11'
const multicallAbi = parseAbi([
  'struct Call3 { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call3[] calls) view returns (Result[] returnData)',
])

/**
 * Makes many calls at one block, in one request where Multicall3 is deployed.
 * Calls that failed there are made once more alone: a hostile contract that burns the shared gas or fills the
 * shared answer spoils its own reading only.
 */
export async function readMany(
  reader: ChainReader,
  calls: readonly ReadCall[],
  blockNumber: bigint,
): Promise<ReadAnswer[]> {
  const together = await readTogether(reader, calls, blockNumber)
  return Promise.all(calls.map(async (call, i) => together[i] ?? readAlone(reader, call, blockNumber)))
}

async function readTogether(
  reader: ChainReader,
  calls: readonly ReadCall[],
  blockNumber: bigint,
): Promise<ReadAnswer[]> {
  try {
    const results = await reader.readContract({
      address: multicall3,
      abi: multicallAbi,
      functionName: 'aggregate3',
      args: [calls.map(({ to, data }) => ({ target: to, allowFailure: true, callData: data }))],
      blockNumber,
    })
    return results.map(({ success, returnData }) => (success && returnData !== '0x' ? returnData : undefined))
  } catch {
    // No Multicall3 here, or one of the calls spoiled it: each is made alone, and a node that is down says so there.
    return []
  }
}

async function readAlone(reader: ChainReader, call: ReadCall, blockNumber: bigint): Promise<ReadAnswer> {
  try {
    const { data } = await reader.call({ ...call, blockNumber })
    return data
  } catch (error) {
    if (isChainRefusal(error)) return undefined
    throw error
  }
}
