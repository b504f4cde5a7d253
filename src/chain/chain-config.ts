/** Parsers of the operator's chain settings. Pure: text in, values out, every fault in one message. */
import { AppError } from '../contracts/errors.ts'
import { parseAddress } from './parse.ts'

export type ChainEndpoint = { chainId: number; rpcUrl: string }
export type NamedAccount = { name: string; address: string }
export type RegistryToken = { chainId: number; symbol: string; address: string; decimals: number }

/**
 * Reads `PERDURA_CHAINS`, as `31337=http://127.0.0.1:8545,1=https://rpc.example/key`. The first is the default.
 * URLs hold keys, so a message names the entry by its place and never repeats it.
 * @throws AppError `configuration`
 */
export function parseChains(text: string): ChainEndpoint[] {
  // A URL may hold a comma; an entry starts with digits and an equals sign.
  const chains = parseEntries('PERDURA_CHAINS', text, /,(?=\s*\d+\s*=)/, (entry) => {
    const parts = /^(\d{1,15})\s*=\s*(\S+)$/.exec(entry)
    const rpcUrl = parts?.[2] ?? ''
    const isHttp = /^https?:\/\//.test(rpcUrl) && URL.canParse(rpcUrl)
    if (!parts || !isHttp || Number(parts[1]) < 1) return 'write CHAIN_ID=URL, as 31337=http://127.0.0.1:8545'
    return { chainId: Number(parts[1]), rpcUrl }
  })
  assertUnique(
    'PERDURA_CHAINS',
    chains.map(({ chainId }) => `chain ${chainId}`),
  )
  return chains
}

/**
 * Reads `PERDURA_NAMED_ACCOUNTS`, as `Alice=0x…,Bob=0x…`: names that count on local chains only.
 * @throws AppError `configuration`
 */
export function parseNamedAccounts(text: string): NamedAccount[] {
  const accounts = parseEntries('PERDURA_NAMED_ACCOUNTS', text, ',', (entry) => {
    const parts = /^([A-Za-z][A-Za-z0-9 _-]{0,31})\s*=\s*(\S+)$/.exec(entry)
    if (!parts) return 'write NAME=ADDRESS, as Alice=0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    return { name: (parts[1] ?? '').trim(), address: parseAddress(parts[2] ?? '') }
  })
  assertUnique(
    'PERDURA_NAMED_ACCOUNTS',
    accounts.map(({ name }) => name.toLowerCase()),
  )
  return accounts
}

/**
 * Reads `PERDURA_TOKENS`, the curated registry, as `31337:USDP=0x…:6,1:USDC=0x…:6`
 * (chain id, symbol, address, decimals).
 * @throws AppError `configuration`
 */
export function parseTokens(text: string): RegistryToken[] {
  const tokens = parseEntries('PERDURA_TOKENS', text, ',', (entry) => {
    const parts = /^(\d{1,15}):([A-Za-z0-9.$+_-]{1,16})=(0x\w+):(\d{1,3})$/.exec(entry)
    const decimals = Number(parts?.[4] ?? Number.NaN)
    if (!parts || !(decimals <= 255)) return 'write CHAIN_ID:SYMBOL=ADDRESS:DECIMALS, as 31337:USDP=0x…:6'
    return {
      chainId: Number(parts[1]),
      symbol: parts[2] ?? '',
      address: parseAddress(parts[3] ?? ''),
      decimals,
    }
  })
  assertUnique(
    'PERDURA_TOKENS',
    tokens.map(({ chainId, symbol }) => `${chainId}:${symbol}`),
  )
  return tokens
}

/** `parse` returns a value, or a text that says what to write. */
function parseEntries<T extends object>(
  variable: string,
  text: string,
  separator: string | RegExp,
  parse: (entry: string) => T | string,
): T[] {
  const faults: string[] = []
  const values: T[] = []
  const entries = text.split(separator).map((entry) => entry.trim())
  for (const [index, entry] of entries.entries()) {
    if (entry === '') continue
    const value = attempt(() => parse(entry))
    if (typeof value === 'string') faults.push(`entry ${index + 1}: ${value}`)
    else values.push(value)
  }
  if (faults.length > 0) throw new AppError('configuration', `${variable}: ${faults.join('; ')}.`)
  return values
}

function attempt<T>(parse: () => T | string): T | string {
  try {
    return parse()
  } catch (error) {
    if (error instanceof AppError) return error.message.replace(/\.$/, '')
    throw error
  }
}

function assertUnique(variable: string, keys: readonly string[]): void {
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw new AppError('configuration', `${variable}: ${twice} stands there twice.`)
}
