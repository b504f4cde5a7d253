import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDecimals } from '../../src/client/add-decimals.ts'

test('adds decimals exactly', () => {
  expect(addDecimals('0.1', '0.2')).toBe('0.3')
  expect(addDecimals('12', '0.000000000001')).toBe('12.000000000001')
  expect(addDecimals('9.99', '0.01')).toBe('10.00')
})

test('behavior: as whole numbers would, at any size', () => {
  const places = 12
  const decimal = (scaled: bigint) => {
    const digits = scaled.toString().padStart(places + 1, '0')
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`
  }
  const amount = fc.bigInt({ min: 0n, max: 10n ** 30n })
  fc.assert(
    fc.property(amount, amount, (a, b) => {
      expect(addDecimals(decimal(a), decimal(b))).toBe(decimal(a + b))
    }),
  )
})
