import { describe, expect, test } from 'vitest'

import { parseChains, parseNamedAccounts, parseTokens } from '../../src/chain/chain-config.ts'

const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

describe('parseChains', () => {
  test('reads chain ids and URLs in order', () => {
    expect(parseChains('31337=http://127.0.0.1:8545, 1=https://rpc.example/v2/key')).toEqual([
      { chainId: 31337, rpcUrl: 'http://127.0.0.1:8545' },
      { chainId: 1, rpcUrl: 'https://rpc.example/v2/key' },
    ])
  })

  test('behavior: a comma inside a URL stays in it', () => {
    expect(parseChains('1=https://rpc.example/?a=1,2,10=https://op.example')).toEqual([
      { chainId: 1, rpcUrl: 'https://rpc.example/?a=1,2' },
      { chainId: 10, rpcUrl: 'https://op.example' },
    ])
  })

  test('behavior: an empty text is no chains', () => {
    expect(parseChains('')).toEqual([])
  })

  test.each(['1', '1=', '0=http://a.example', '1=ftp://a.example', 'mainnet=http://a.example', '1=http://'])(
    'error: %j says which entry is wrong and what to write',
    (text) => {
      expect(() => parseChains(text)).toThrow(expect.objectContaining({ code: 'configuration' }))
      expect(() => parseChains(text)).toThrow(/^PERDURA_CHAINS: entry 1: write CHAIN_ID=URL/)
    },
  )

  test('error: a wrong entry with a key in it is not repeated', () => {
    expect(() => parseChains('1=wss://rpc.example/SECRETKEY')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('SECRETKEY') }),
    )
  })

  test('error: a chain that stands there twice', () => {
    expect(() => parseChains('1=http://a.example,1=http://b.example')).toThrow('chain 1 stands there twice')
  })
})

describe('parseNamedAccounts', () => {
  test('reads names and addresses', () => {
    expect(parseNamedAccounts(`Alice=${alice}`)).toEqual([{ name: 'Alice', address: alice }])
  })

  test('error: every fault is told at once', () => {
    expect(() => parseNamedAccounts(`Alice=0x12,=${alice}`)).toThrow(
      /entry 1: .* not an address.*entry 2: write NAME/,
    )
  })

  test('error: a name that stands there twice', () => {
    expect(() => parseNamedAccounts(`Alice=${alice},alice=${alice}`)).toThrow('twice')
  })
})

describe('parseTokens', () => {
  test('reads chain, symbol, address and decimals', () => {
    expect(parseTokens(`31337:USDP=${alice}:6`)).toEqual([
      { chainId: 31337, symbol: 'USDP', address: alice, decimals: 6 },
    ])
  })

  test.each([`USDP=${alice}:6`, `1:USDP=${alice}`, `1:USDP=${alice}:256`, `1:US DP=${alice}:6`])(
    'error: %j says what to write',
    (text) => {
      expect(() => parseTokens(text)).toThrow('write CHAIN_ID:SYMBOL=ADDRESS:DECIMALS')
    },
  )

  test('error: a wrong checksum is refused', () => {
    expect(() => parseTokens(`1:USDP=${alice.slice(0, -1)}9:6`)).toThrow('wrong checksum')
  })
})
