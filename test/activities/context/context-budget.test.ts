import { expect, test } from 'vitest'

import { toContextBudget, toMaxBytes } from '../../../src/activities/context/context-budget.ts'

const budgetOf = (contextLimitTokens: number, given: Partial<Parameters<typeof toContextBudget>[0]> = {}) =>
  toContextBudget({
    info: { contextLimitTokens },
    maxOutputTokens: undefined,
    fixedTokens: 0,
    isExact: true,
    ...given,
  })

test('keeps a quarter of the window free for the answer, at most 8,192 tokens', () => {
  expect(budgetOf(2_000)).toEqual({ messageTokens: 1_500, outputTokens: 500 })
  expect(budgetOf(400_000)).toEqual({ messageTokens: 391_808, outputTokens: 8_192 })
})

test('takes off what every call carries', () => {
  expect(budgetOf(2_000, { fixedTokens: 1_200 }).messageTokens).toBe(300)
  expect(budgetOf(2_000, { fixedTokens: 3_000 }).messageTokens).toBe(-1_500)
})

test('keeps as much free as the answer may have, but half of the window at most', () => {
  expect(budgetOf(100_000, { maxOutputTokens: 20_000 })).toEqual({
    messageTokens: 80_000,
    outputTokens: 20_000,
  })
  expect(budgetOf(100_000, { maxOutputTokens: 90_000 })).toEqual({
    messageTokens: 50_000,
    outputTokens: 50_000,
  })
})

test('keeps a little more free where tokens are estimated', () => {
  expect(budgetOf(2_000, { isExact: false }).messageTokens).toBe(1_400)
})

test('wants more text than fits, and never much more', () => {
  expect(toMaxBytes(100_000, false)).toBe(300_000)
  expect(toMaxBytes(100_000, true)).toBe(800_000)
  expect(toMaxBytes(10, true)).toBe(262_144)
})
