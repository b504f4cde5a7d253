/** Adds two decimals that are written without an exponent, exactly: `0.1` and `0.2` are `0.3`. */
export function addDecimals(a: string, b: string): string {
  const places = Math.max(placesOf(a), placesOf(b))
  const sum = scaled(a, places) + scaled(b, places)
  const digits = sum
    .toString()
    .replace('-', '')
    .padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const rest = digits.slice(digits.length - places)
  return `${sum < 0n ? '-' : ''}${whole}${rest === '' ? '' : `.${rest}`}`
}

function placesOf(decimal: string): number {
  return decimal.split('.')[1]?.length ?? 0
}

function scaled(decimal: string, places: number): bigint {
  const [whole = '0', rest = ''] = decimal.split('.')
  return BigInt(`${whole}${rest.padEnd(places, '0')}`)
}
