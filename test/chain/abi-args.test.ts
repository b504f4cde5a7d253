import { parseAbiParameters } from 'viem'
import { describe, expect, test } from 'vitest'

import { toAbiArgs } from '../../src/chain/abi-args.ts'

const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

function convert(types: string, ...args: unknown[]): unknown[] {
  return toAbiArgs(parseAbiParameters(types), args)
}

describe('takes', () => {
  test.each([
    [
      'uint256',
      '115792089237316195423570985008687907853269984665640564039457584007913129639935',
      2n ** 256n - 1n,
    ],
    ['int8', '-128', -128n],
    ['uint8', 255, 255n],
    ['address', alice.toLowerCase(), alice],
    ['bool', false, false],
    ['string', '', ''],
    ['bytes', '0x', '0x'],
    ['bytes4', '0xdeadbeef', '0xdeadbeef'],
    ['uint256[]', ['1', '2'], [1n, 2n]],
    ['uint8[2][]', [['1', '2']], [[1n, 2n]]],
    ['(uint8 a, bool b)', { b: true, a: '1' }, { a: 1n, b: true }],
    ['(uint8 a, bool b)', ['1', true], { a: 1n, b: true }],
  ])('%s from %j', (type, value, expected) => {
    expect(convert(type, value)).toEqual([expected])
  })
})

describe('error: refuses', () => {
  test.each([
    ['uint8', '256'],
    ['uint8', '-1'],
    ['int8', '128'],
    ['uint256', 2 ** 60],
    ['uint256', '1.5'],
    ['uint256', '1e18'],
    ['uint256', '0x10'],
    ['uint256', '007'],
    ['uint256', ' 1'],
    ['uint256', true],
    ['uint256', null],
    ['bool', 'true'],
    ['string', 7],
    ['bytes', '0x1'],
    ['bytes', 'deadbeef'],
    ['bytes4', '0xdeadbe'],
    ['uint8[2]', ['1']],
    ['uint8[]', '1'],
    ['(uint8 a)', {}],
    ['(uint8 a)', { a: '1', b: '2' }],
    ['(uint8 a)', 'a'],
  ])('%s from %j', (type, value) => {
    expect(() => convert(type, value)).toThrow(expect.objectContaining({ code: 'tool_input_invalid' }))
  })

  test('an address with a wrong checksum', () => {
    expect(() => convert('address', `${alice.slice(0, -1)}9`)).toThrow('wrong checksum')
  })

  test('too few values, saying which', () => {
    expect(() => convert('address to, uint256 amount', alice)).toThrow(
      'args: expected 2 values (address, uint256), got 1.',
    )
  })

  test('a value deep inside, saying where', () => {
    expect(() => convert('(uint8[] list) pair', { list: ['1', 'x'] })).toThrow(
      /^pair\.list\[1\]: expected uint8/,
    )
  })
})
