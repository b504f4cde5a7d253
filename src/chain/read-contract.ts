import { decodeFunctionResult, encodeFunctionData, parseAbiItem } from 'viem'
import type { AbiFunction } from 'viem'

import { AppError } from '../contracts/errors.ts'
import type { ContractReading, ContractReadRequest } from '../toolkit/tool-services.ts'
import { toAbiArgs } from './abi-args.ts'
import type { ChainReader } from './clients.ts'
import { toJsonValue } from './json-value.ts'
import { readLatestBlock } from './latest-block.ts'
import { parseAddress } from './parse.ts'

/** Calls one view or pure function at the newest block and returns its result as JSON. */
export async function readContract(
  reader: ChainReader,
  request: ContractReadRequest,
): Promise<ContractReading> {
  const to = parseAddress(request.address)
  const item = parseReadSignature(request.signature)
  const abi = [item]
  const args = toAbiArgs(item.inputs, request.args)
  const data = encodeFunctionData({ abi, functionName: item.name, args })
  const block = await readLatestBlock(reader)
  const answer = await reader.call({ to, data, blockNumber: block.number })
  if (!answer.data && item.outputs.length > 0) {
    throw new AppError(
      'chain_rejected',
      `${to} returned nothing at block ${block.ref.number}: there is no contract, or it has no such function.`,
    )
  }
  const decoded = decodeFunctionResult({ abi, functionName: item.name, data: answer.data ?? '0x' })
  const { value, removed, isCut } = toJsonValue(decoded)
  return { result: value, removedCharacters: removed, isCut, block: block.ref }
}

/**
 * Reads a human-readable signature of a view or pure function, as `function totalSupply() view returns (uint256)`.
 * @throws AppError `tool_input_invalid`
 */
export function parseReadSignature(signature: string): AbiFunction {
  const item = parseSignature(signature.trim().replace(/;$/, ''))
  if (item.stateMutability === 'view' || item.stateMutability === 'pure') return item
  throw new AppError(
    'tool_input_invalid',
    `signature: ${item.name} is not declared view or pure. Only reading functions can be called; declare it as it is in the contract.`,
  )
}

function parseSignature(signature: string): AbiFunction {
  try {
    const item = parseAbiItem(signature)
    if (typeof item === 'object' && item.type === 'function') return item
  } catch {
    // The parser's own message quotes the whole text and links to its documentation.
  }
  throw new AppError(
    'tool_input_invalid',
    'signature: expected one function, as "function balanceOf(address owner) view returns (uint256)".',
  )
}
