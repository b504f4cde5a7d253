import { formatEther } from 'viem'
import type { Hex } from 'viem'

import type { AccountInfo } from '../toolkit/tool-services.ts'
import type { ChainReader } from './clients.ts'
import { readLatestBlock } from './latest-block.ts'
import { parseAddress } from './parse.ts'

/** Reads balance, nonce and kind of code of one address at the newest block. */
export async function readAccountInfo(reader: ChainReader, text: string): Promise<AccountInfo> {
  const address = parseAddress(text)
  const block = await readLatestBlock(reader)
  const at = { address, blockNumber: block.number }
  const [balanceWei, nonce, code] = await Promise.all([
    reader.getBalance(at),
    reader.getTransactionCount(at),
    reader.getCode(at),
  ])
  return { address, balanceEth: formatEther(balanceWei), nonce, code: toCodeKind(code), block: block.ref }
}

// EIP-7702: 0xef0100 and the address of the code that the account runs.
function toCodeKind(code: Hex | undefined): AccountInfo['code'] {
  if (!code || code === '0x') return 'none'
  return /^0xef0100[0-9a-f]{40}$/i.test(code) ? 'delegated' : 'contract'
}
