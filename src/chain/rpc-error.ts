import type { RpcRequestError } from 'viem'

import { AppError } from '../contracts/errors.ts'
import { readRevertReason } from './revert-reason.ts'

/** Turns a JSON-RPC error into ours. The node's own words are matched, never repeated: some hold its URL. */
export function toRpcError(error: RpcRequestError, at: string): AppError {
  const words = error.details
  if (/revert/i.test(words) || error.code === 3) {
    const reason = readRevertReason(error.data)
    return new AppError(
      'chain_rejected',
      `${at}the contract reverted (its own words, untrusted): ${reason}`,
      {
        details: { untrusted_reason: reason },
      },
    )
  }
  const known = knownRefusals.find(([pattern]) => pattern.test(words))
  if (known) return new AppError('chain_rejected', `${at}${known[1]}`)
  const code = `JSON-RPC error ${error.code}`
  if (passing.test(words) || passingCodes.has(error.code)) {
    return new AppError('chain_unavailable', `${at}the RPC cannot answer now (${code}). Try again later.`, {
      details: { rpcCode: error.code, ...(error.code === 429 ? { status: 429 } : {}) },
    })
  }
  return new AppError('chain_rejected', `${at}the RPC refuses the request (${code}).`)
}

const knownRefusals: readonly (readonly [RegExp, string])[] = [
  [/max ?init ?code ?size|initcode.?size/i, 'the creation code is larger than 49152 bytes (EIP-3860).'],
  [/code ?size|contractsizelimit/i, 'the contract is larger than 24576 bytes (EIP-170).'],
  [/insufficient funds|outoffund/i, 'the account has not enough of the native coin.'],
  [/out ?of ?gas|gas required exceeds|intrinsic gas/i, 'the call runs out of gas.'],
  [
    /invalid ?opcode|opcodenotfound|invalid ?jump|stack ?(under|over)flow|invalidfe|notactivated/i,
    'the contract stopped at an invalid instruction.',
  ],
]

const passing =
  /header not found|unknown block|block not found|missing trie node|rate|limit|capacity|busy|timeout/i
// Internal error, resource unavailable, limit exceeded, and HTTP's 429 as some providers put it.
const passingCodes = new Set([-32603, -32002, -32005, 429])
