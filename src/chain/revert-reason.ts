import { decodeErrorResult, isHex } from 'viem'
import type { Hex } from 'viem'

import { cleanUntrustedText, untrustedLimits } from '../contracts/untrusted-text.ts'

/** Says in words what a contract reverted with; the words are the contract's own, cleaned and cut. */
export function readRevertReason(data: unknown): string {
  const hex = findHex(data)
  if (!hex || hex === '0x') return 'no reason given'
  const text = decodeReason(hex)
  return cleanUntrustedText(text, untrustedLimits.revert).text
}

// Only the two errors that every Solidity contract knows; others are shown by their selector.
function decodeReason(hex: Hex): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: standardErrors, data: hex })
    return errorName === 'Panic' ? `panic ${args[0]}` : args[0]
  } catch {
    return `custom error ${hex.slice(0, 10)}`
  }
}

const standardErrors = [
  { type: 'error', name: 'Error', inputs: [{ name: 'message', type: 'string' }] },
  { type: 'error', name: 'Panic', inputs: [{ name: 'code', type: 'uint256' }] },
] as const

// Nodes put the revert data under `data` or under `data.data`.
function findHex(data: unknown): Hex | undefined {
  if (isHex(data)) return data
  if (typeof data === 'object' && data !== null && 'data' in data && isHex(data.data)) return data.data
  return undefined
}
