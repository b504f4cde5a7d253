/** A sum of US dollars for people: two digits that count, so that a cheap call is not shown as nothing. */
export function formatCost(costUsd: string): string {
  const cost = Number(costUsd)
  if (!Number.isFinite(cost)) return '$?'
  if (cost === 0) return '$0'
  if (cost >= 0.995) return `$${cost.toFixed(2)}`
  return cost < 0.000_001 ? '< $0.000001' : `$${cost.toFixed(Math.min(6, 1 - Math.floor(Math.log10(cost))))}`
}
