import { expect, test } from 'vitest'

import { createBudgets } from '../../src/models/create-budgets.ts'
import { loadConfig } from '../../src/ops/config.ts'

const models = ['openai/gpt-5-mini', 'local/llama3.1:8b', 'groq/openai/gpt-oss-120b']

function budgetsOf(env: Record<string, string>) {
  return createBudgets(loadConfig(env).budgets, models)
}

test('reads prices and limits', () => {
  const budgets = budgetsOf({
    PERDURA_PRICES: 'openai/gpt-5-mini=0.25/2/0.025, llama3.1:8b=0/0, openai/gpt-oss-120b=0.15/0.6',
    PERDURA_TURN_BUDGET_TOKENS: '200000',
    PERDURA_DAY_BUDGET_USD: '0.5',
  })
  expect(budgets.priceOf('openai/gpt-5-mini')).toEqual({ input: 250_000, output: 2_000_000, cached: 25_000 })
  expect(budgets.priceOf('local/llama3.1:8b')).toEqual({ input: 0, output: 0, cached: 0 })
  expect(budgets.priceOf('groq/openai/gpt-oss-120b')).toEqual({
    input: 150_000,
    output: 600_000,
    cached: 150_000,
  })
  expect(budgets.limits).toEqual({ turn: { tokens: 200_000 }, day: { cost: 500_000_000_000n }, owner: {} })
})

test('behavior: without configuration there is no limit and no price', () => {
  const budgets = budgetsOf({})
  expect(budgets.limits).toEqual({ turn: {}, day: {}, owner: {} })
  expect(budgets.priceOf('openai/gpt-5-mini')).toBeUndefined()
})

test('behavior: the smallest price is still one', () => {
  const budgets = budgetsOf({ PERDURA_PRICES: 'openai/gpt-5-mini=0.000001/0.000001' })
  expect(budgets.priceOf('openai/gpt-5-mini')).toEqual({ input: 1, output: 1, cached: 1 })
})

test.for([
  'openai/gpt-5-mini',
  'openai/gpt-5-mini=1',
  'openai/gpt-5-mini=1/2/3/4',
  'openai/gpt-5-mini=-1/2',
  'openai/gpt-5-mini=1/2/3',
  'openai/gpt-5-mini=1e3/2',
  'openai/gpt-5-mini=0.0000001/2',
  'openai/gpt-5-mini=1001/2',
  'openai/gpt-5-mini=1/2,openai/gpt-5-mini=1/2',
])('error: the price %s, with what to write instead', (prices) => {
  expect(() => budgetsOf({ PERDURA_PRICES: prices })).toThrow(
    /PERDURA_PRICES .* Write prices as provider\/model=input\/output/,
  )
})

test.for(['0', '-1', '1.2345678', 'a lot', '1000001'])('error: a budget of %s dollars', (amount) => {
  expect(() => budgetsOf({ PERDURA_DAY_BUDGET_USD: amount })).toThrow(
    /PERDURA_DAY_BUDGET_USD .* Write an amount in US dollars/,
  )
})

test('error: a price for a model that is not there', () => {
  expect(() => budgetsOf({ PERDURA_PRICES: 'openai/gpt-6=1/2' })).toThrow(
    /names openai\/gpt-6.*Configured: openai\/gpt-5-mini/,
  )
})

test('error: a model named twice, by its id and by its name', () => {
  expect(() => budgetsOf({ PERDURA_PRICES: 'openai/gpt-5-mini=1/2,gpt-5-mini=1/2' })).toThrow(
    /names it twice/,
  )
})

test('error: a limit in dollars with a model whose price nobody knows', () => {
  const env = { PERDURA_PRICES: 'openai/gpt-5-mini=1/2', PERDURA_OWNER_BUDGET_USD: '1' }
  expect(() => budgetsOf(env)).toThrow(
    /PERDURA_OWNER_BUDGET_USD needs the price of every model.*Without one: local\/llama3.1:8b, groq\/openai\/gpt-oss-120b/,
  )
})
