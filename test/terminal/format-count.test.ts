import { expect, test } from 'vitest'
import { formatCount } from '../../src/terminal/format-count.ts'

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1k'],
  [1_234, '1.2k'],
  [9_960, '10k'],
  [128_000, '128k'],
  [999_400, '999k'],
  [999_600, '1M'],
  [1_550_000, '1.6M'],
])('%i is %s', (count, text) => {
  expect(formatCount(count)).toBe(text)
})
