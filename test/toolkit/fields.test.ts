import { expect, test } from 'vitest'

import { address, chainId, decimal } from '../../src/toolkit/fields.ts'

test('takes what models write rightly', () => {
  expect(address.safeParse('0x70997970C51812dc3A010C7d01b50e0d17dc79C8').success).toBe(true)
  expect(chainId.safeParse(8453).success).toBe(true)
  expect(decimal.safeParse('1250.5').success).toBe(true)
})

test.each([0, -1, 1.5, '1', 2 ** 60, null])('error: %j is no chain id', (value) => {
  expect(chainId.safeParse(value).success).toBe(false)
})

test('error: an address says why it is refused', () => {
  const { error } = address.safeParse('0x70997970C51812dc3A010C7d01b50e0d17dc79C9')
  expect(error?.issues[0]?.message).toContain('wrong checksum')
})
