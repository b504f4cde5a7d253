import {
  decodeFunctionResult,
  encodeFunctionData,
  formatUnits,
  hexToString,
  isHex,
  parseAbi,
  trim,
} from 'viem'
import type { Address, Hex } from 'viem'

import { cleanUntrustedText, untrustedLimits } from '../contracts/untrusted-text.ts'
import type { TokenBalance, TokenBalances } from '../toolkit/tool-services.ts'
import type { ChainReader } from './clients.ts'
import { readLatestBlock } from './latest-block.ts'
import { parseAddress } from './parse.ts'
import { readMany } from './read-many.ts'
import type { ReadAnswer, ReadCall } from './read-many.ts'

const erc20 = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'function name() view returns (string)',
])

/** Reads what an address holds of each token, all at one block. A token that fails is listed, not thrown. */
export async function readTokenBalances(
  reader: ChainReader,
  request: { address: string; tokens: readonly string[]; registrySymbols: ReadonlyMap<string, string> },
): Promise<TokenBalances> {
  const holder = parseAddress(request.address)
  const tokens = [...new Set(request.tokens.map(parseAddress))]
  const block = await readLatestBlock(reader)
  const answers = await readMany(
    reader,
    tokens.flatMap((token) => callsOf(token, holder)),
    block.number,
  )
  const result: TokenBalances = { block: block.ref, balances: [], failed: [] }
  for (const [index, token] of tokens.entries()) {
    const balance = toBalance(token, answers.slice(index * 4, index * 4 + 4))
    const registrySymbol = request.registrySymbols.get(token)
    if (balance) result.balances.push({ ...balance, ...(registrySymbol ? { registrySymbol } : {}) })
    else
      result.failed.push({
        token,
        reason: 'It does not answer balanceOf and decimals as an ERC-20 token does.',
      })
  }
  return result
}

function callsOf(to: Address, holder: Address): ReadCall[] {
  return [
    { to, data: encodeFunctionData({ abi: erc20, functionName: 'balanceOf', args: [holder] }) },
    { to, data: encodeFunctionData({ abi: erc20, functionName: 'decimals' }) },
    { to, data: encodeFunctionData({ abi: erc20, functionName: 'symbol' }) },
    { to, data: encodeFunctionData({ abi: erc20, functionName: 'name' }) },
  ]
}

function toBalance(token: Address, answers: readonly ReadAnswer[]): TokenBalance | undefined {
  const [balanceData, decimalsData, symbolData, nameData] = answers
  const balance = toUint(balanceData)
  const decimals = toUint(decimalsData)
  // decimals() is a uint8; a larger answer would only make a number that nobody can read.
  if (balance === undefined || decimals === undefined || decimals > 255n) return undefined
  const symbol = cleanUntrustedText(toText('symbol', symbolData), untrustedLimits.symbol)
  const name = cleanUntrustedText(toText('name', nameData), untrustedLimits.name)
  const removed = symbol.removed + name.removed
  return {
    token,
    untrusted_symbol: symbol.text,
    untrusted_name: name.text,
    ...(removed > 0 ? { removedCharacters: removed } : {}),
    decimals: Number(decimals),
    balance: formatUnits(balance, Number(decimals)),
  }
}

function toUint(data: ReadAnswer): bigint | undefined {
  return data && data.length >= 66 && isHex(data) ? BigInt(data.slice(0, 66)) : undefined
}

// The oldest tokens answer with bytes32 instead of a string; names are optional in ERC-20.
function toText(functionName: 'symbol' | 'name', data: ReadAnswer): string {
  if (!data) return ''
  try {
    return decodeFunctionResult({ abi: erc20, functionName, data })
  } catch {
    return data.length === 66 ? bytes32ToText(data) : ''
  }
}

function bytes32ToText(data: Hex): string {
  return hexToString(trim(data, { dir: 'right' }))
}
