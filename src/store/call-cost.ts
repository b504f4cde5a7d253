import type { CallTokens, ModelPrice } from '../contracts/usage.ts'

/** What a call costs, in millionths of a millionth of a US dollar; null for a model without a price. */
export function callCost(
  price: ModelPrice | undefined,
  { inputTokens, outputTokens, cachedTokens = 0 }: CallTokens,
): bigint | null {
  if (price === undefined) return null
  const cached = Math.min(cachedTokens, inputTokens)
  return (
    BigInt(inputTokens - cached) * BigInt(price.input) +
    BigInt(cached) * BigInt(price.cached) +
    BigInt(outputTokens) * BigInt(price.output)
  )
}

const decimals = 12

/** An amount as a decimal string of US dollars, without zeros at the end. */
export function toUsd(cost: bigint): string {
  const digits = cost.toString().padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  const whole = digits.slice(0, -decimals)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
