import { expect, test } from 'vitest'
import { formatCost } from '../../src/terminal/format-cost.ts'

test.each([
  ['0', '$0'],
  ['0.000000000001', '< $0.000001'],
  ['0.000123', '$0.00012'],
  ['0.0123', '$0.012'],
  ['0.4', '$0.40'],
  ['0.999', '$1.00'],
  ['1234.567', '$1234.57'],
  ['not a number', '$?'],
])('%s is %s', (costUsd, text) => {
  expect(formatCost(costUsd)).toBe(text)
})
