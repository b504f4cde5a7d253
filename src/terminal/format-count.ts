const sizes = [
  [1_000_000, 'M'],
  [1_000, 'k'],
] as const

/** A count for people: `950`, `1.2k`, `128k`, `1.5M`. */
export function formatCount(count: number): string {
  for (const [size, letter] of sizes) {
    const scaled = count / size
    // What would be rounded up to the next size is written in it.
    if (scaled < 0.9995) continue
    return `${scaled < 9.95 ? scaled.toFixed(1).replace('.0', '') : scaled.toFixed(0)}${letter}`
  }
  return String(count)
}
