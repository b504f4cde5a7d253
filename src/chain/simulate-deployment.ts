import { encodeDeployData, formatEther, formatGwei, getContractAddress, isHex } from 'viem'
import type { Hex } from 'viem'

import { AppError } from '../contracts/errors.ts'
import type { DeploymentRequest, DeploymentSimulation } from '../toolkit/tool-services.ts'
import { toAbiArgs } from './abi-args.ts'
import type { ChainReader } from './clients.ts'
import { findConstructor } from './find-constructor.ts'
import { readLatestBlock } from './latest-block.ts'
import { parseAddress } from './parse.ts'

/**
 * Runs a creation on the newest block without sending anything.
 * The address holds as long as the deployment is the next transaction of `from`.
 */
export async function simulateDeployment(
  reader: ChainReader,
  request: DeploymentRequest,
): Promise<DeploymentSimulation> {
  const from = parseAddress(request.from)
  const data = toCreationCode(request)
  const block = await readLatestBlock(reader)
  const creation = { account: from, data, blockNumber: block.number }
  const [nonce, gas, gasPriceWei, runtime] = await Promise.all([
    reader.getTransactionCount({ address: from, blockNumber: block.number }),
    reader.estimateGas({ ...creation, prepare: false }),
    reader.getGasPrice(),
    // A call without a recipient runs the creation and returns the code that would be deployed.
    reader.call(creation),
  ])
  return {
    from,
    address: getContractAddress({ from, nonce: BigInt(nonce) }),
    gas: String(gas),
    gasPriceGwei: formatGwei(gasPriceWei),
    costEth: formatEther(gas * gasPriceWei),
    runtimeSizeBytes: ((runtime.data ?? '0x').length - 2) / 2,
    block: block.ref,
  }
}

function toCreationCode({ bytecode, abi, args }: DeploymentRequest): Hex {
  if (!isHex(bytecode) || bytecode === '0x') {
    throw new AppError('tool_input_invalid', 'bytecode: expected 0x and the hex digits of a creation code.')
  }
  const constructor = findConstructor(abi)
  const values = toAbiArgs(constructor.inputs, args)
  return encodeDeployData({ abi: [constructor], bytecode, ...(values.length > 0 ? { args: values } : {}) })
}
