/** Reads how long a service wants to be left alone, from `retry-after-ms` or `Retry-After`. */
export function readRetryAfterMs(headers: Headers | undefined, nowMs: number): number | undefined {
  const exact = toNumber(headers?.get('retry-after-ms'))
  if (exact !== undefined) return Math.max(0, Math.round(exact))
  const value = headers?.get('retry-after')
  const seconds = toNumber(value)
  if (seconds !== undefined) return Math.max(0, Math.round(seconds * 1000))
  const atMs = value ? Date.parse(value) : Number.NaN
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

function toNumber(text: string | null | undefined): number | undefined {
  return text && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}
