import { describe, expect, test } from 'vitest'

import { parseAddress, parseAmount } from '../../src/chain/parse.ts'

const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

describe('parseAddress', () => {
  test('returns a checksummed address as it is', () => {
    expect(parseAddress(alice)).toBe(alice)
  })

  test.each([alice.toLowerCase(), `0x${alice.slice(2).toUpperCase()}`])(
    'behavior: %s has no checksum and is given one',
    (text) => {
      expect(parseAddress(text)).toBe(alice)
    },
  )

  test.each([
    ['one changed case', '0x70997970c51812dc3A010C7d01b50e0d17dc79C8'],
    ['one changed digit', '0x70997970C51812dc3A010C7d01b50e0d17dc79C9'],
  ])('error: %s is refused, never repaired', (_what, text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'invalid_address' }))
    expect(() => parseAddress(text)).toThrow('wrong checksum')
  })

  test.each([
    '',
    'Alice',
    'vitalik.eth',
    alice.slice(2),
    alice.slice(0, -1),
    `${alice}0`,
    ` ${alice}`,
    `${alice}\n`,
    `0X${alice.slice(2)}`,
    `${alice.slice(0, -1)}\u0441`,
    `${alice.slice(0, -1)}\u200b`,
  ])('error: %j is not an address', (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'invalid_address' }))
  })

  test('behavior: a long hostile text is shown short and printable', () => {
    expect(() => parseAddress('\u202e'.repeat(5_000))).toThrow(/^"\?{60}…" is not an address/)
  })
})

describe('parseAmount', () => {
  test.each([
    ['1250.5', 6, 1_250_500_000n],
    ['0', 18, 0n],
    ['0.000001', 6, 1n],
    ['40', 18, 40n * 10n ** 18n],
    ['7', 0, 7n],
    ['999999999999999999999999999999', 0, 999999999999999999999999999999n],
  ])('reads %s with %i decimals', (text, decimals, units) => {
    expect(parseAmount(text, decimals)).toBe(units)
  })

  test.each([
    '1.0000005',
    '-1',
    '+1',
    '.5',
    '1.',
    '1e3',
    '1,5',
    '1 000',
    '01',
    '0x10',
    '١',
    '１',
    '',
    ' 1',
    '1\n',
    'max',
  ])('error: %j is refused, never rounded', (text) => {
    expect(() => parseAmount(text, 6)).toThrow(expect.objectContaining({ code: 'tool_input_invalid' }))
  })

  test('error: the message states the precision', () => {
    expect(() => parseAmount('1.0000005', 6)).toThrow('at most 6 decimals')
    expect(() => parseAmount('1.5', 0)).toThrow('no decimals')
  })

  test('error: more than 30 digits is refused', () => {
    expect(() => parseAmount('1'.repeat(31), 6)).toThrow(
      expect.objectContaining({ code: 'tool_input_invalid' }),
    )
  })
})
