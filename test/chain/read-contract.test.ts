import { describe, expect, test } from 'vitest'

import { alice } from '../../dev/fixture/fixture-accounts.ts'
import { parseReadSignature } from '../../src/chain/read-contract.ts'
import { openDeployer } from '../support/anvil.ts'
import { localChain } from '../support/servers.ts'
import { hostileTokens } from './hostile-token.ts'
import { openChains } from './open-chains.ts'

const { signal } = new AbortController()
const local = await localChain()
const zoo = await openDeployer(local.rpcUrl, hostileTokens)('Zoo')

async function read(signature: string, args: readonly unknown[] = [], address = zoo) {
  const chains = await openChains(local)
  return chains.chain().readContract({ address, signature, args }, { signal })
}

describe('a reading', () => {
  test('gives integers as decimal strings', async () => {
    const { result, block } = await read('function big() view returns (uint256)')
    expect(result).toBe(String(2n ** 256n - 1n))
    expect(block.number).toMatch(/^\d+$/)
  })

  test('behavior: texts in structs are cleaned and counted', async () => {
    const reading = await read('function animal() view returns ((string name, uint8 legs, int256 debt))')
    expect(reading).toMatchObject({ result: { name: 'Cat', legs: '4', debt: '-7' }, removedCharacters: 1 })
  })

  test('behavior: arguments of every kind arrive unchanged', async () => {
    const { result } = await read(
      'function echo(address a, bytes4 b, uint256[] c, (string name, uint8 legs, int256 debt) d) view returns (address, bytes4, uint256[], (string name, uint8 legs, int256 debt))',
      [alice, '0xdeadbeef', ['1', 2], { name: 'ant', legs: '6', debt: '-1' }],
    )
    expect(result).toEqual([alice, '0xdeadbeef', ['1', '2'], { name: 'ant', legs: '6', debt: '-1' }])
  })

  test('behavior: a long list is cut and says so', async () => {
    const { result, isCut } = await read('function many() view returns (uint256[])')
    expect(result).toHaveLength(100)
    expect(isCut).toBe(true)
  })

  test('error: a revert tells the words of the contract, cleaned', async () => {
    await expect(read('function nope() view')).rejects.toMatchObject({
      code: 'chain_rejected',
      message: expect.stringMatching(/^Chain 31337: .*untrusted.*: no way$/),
    })
  })

  test('error: an address without code', async () => {
    await expect(read('function big() view returns (uint256)', [], alice)).rejects.toMatchObject({
      code: 'chain_rejected',
      message: expect.stringContaining('there is no contract'),
    })
  })

  test('error: a result that is not what the signature says', async () => {
    await expect(read('function big() view returns (string)')).rejects.toMatchObject({
      code: 'chain_rejected',
      message: expect.stringContaining('declared types'),
    })
  })

  test('error: an argument that does not fit says which and what to write', async () => {
    await expect(read('function f(uint8 small) view', ['256'])).rejects.toMatchObject({
      code: 'tool_input_invalid',
      message: 'small: expected uint8, from 0 to 255, got a value out of range.',
    })
  })
})

describe('parseReadSignature', () => {
  test('takes a view function', () => {
    expect(parseReadSignature('function totalSupply() view returns (uint256);').name).toBe('totalSupply')
  })

  test.each(['function transfer(address to, uint256 amount) returns (bool)', 'function deposit() payable'])(
    'error: %j could change something',
    (signature) => {
      expect(() => parseReadSignature(signature)).toThrow('not declared view or pure')
    },
  )

  test.each([
    '',
    'balanceOf',
    'totalSupply()',
    'event Transfer(address from)',
    'constructor()',
    'function (',
    '0x70a08231',
    'x'.repeat(1_000),
  ])('error: %j is not a function', (signature) => {
    expect(() => parseReadSignature(signature)).toThrow('expected one function')
  })
})
