import { AppError } from '../contracts/errors.ts'
import type { Budgets, ModelPrice } from '../contracts/usage.ts'
import { findModelId } from './model-id.ts'

/** Prices and limits as they are configured. */
export type BudgetConfig = {
  prices: readonly ({ model: string } & ModelPrice)[]
  limits: Budgets['limits']
}

/**
 * Joins prices and limits with the models of a deployment.
 * @throws AppError `configuration` when a price is for no model, or a limit in dollars meets a model without a price
 */
export function createBudgets({ prices, limits }: BudgetConfig, modelIds: readonly string[]): Budgets {
  const priced = new Map<string, ModelPrice>()
  for (const { model, ...price } of prices) {
    const id = findModelId(model, modelIds)
    if (id === undefined || priced.has(id)) throw toError(unknownPrice(model, modelIds))
    priced.set(id, price)
  }
  const unpriced = modelIds.filter((id) => !priced.has(id))
  const limited = Object.entries(limits).find(([, { cost }]) => cost !== undefined)
  if (limited !== undefined && unpriced.length > 0) throw toError(missingPrices(limited[0], unpriced))
  return { limits, priceOf: (modelId) => priced.get(findModelId(modelId, modelIds) ?? '') }
}

function unknownPrice(model: string, modelIds: readonly string[]): string {
  return `PERDURA_PRICES names ${model}, which is not one of the models, or names it twice. Configured: ${modelIds.join(', ')}.`
}

function missingPrices(limit: string, unpriced: readonly string[]): string {
  return (
    `PERDURA_${limit.toUpperCase()}_BUDGET_USD needs the price of every model that can be chosen. Without one: ` +
    `${unpriced.join(', ')}. Add them to PERDURA_PRICES (0/0 for one that is free), name fewer models in ` +
    '<PROVIDER>_MODELS, or set a limit in tokens.'
  )
}

function toError(problem: string): AppError {
  return new AppError('configuration', problem, { details: { problems: [problem] } })
}
