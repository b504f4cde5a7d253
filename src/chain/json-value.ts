import { cleanUntrustedText, untrustedLimits } from '../contracts/untrusted-text.ts'

const entryLimit = 100
const depthLimit = 12

export type JsonValue = {
  value: unknown
  /** Control, bidi and zero-width characters that were taken out of texts. */
  removed: number
  /** Whether a text or a list was longer than is shown. */
  isCut: boolean
}

/** Turns a decoded ABI value into JSON: integers as decimal strings, texts cleaned and cut, long lists cut. */
export function toJsonValue(decoded: unknown): JsonValue {
  const counts = { removed: 0, isCut: false }
  const value = convert(decoded, counts, 0)
  return { value, ...counts }
}

function convert(decoded: unknown, counts: { removed: number; isCut: boolean }, depth: number): unknown {
  if (typeof decoded === 'bigint' || typeof decoded === 'number') return String(decoded)
  if (typeof decoded === 'boolean') return decoded
  if (typeof decoded === 'string') {
    const clean = cleanUntrustedText(decoded, untrustedLimits.text)
    counts.removed += clean.removed
    counts.isCut ||= clean.isCut
    return clean.text
  }
  if (depth >= depthLimit) {
    counts.isCut = true
    return '…'
  }
  if (Array.isArray(decoded)) {
    counts.isCut ||= decoded.length > entryLimit
    return decoded.slice(0, entryLimit).map((entry) => convert(entry, counts, depth + 1))
  }
  if (typeof decoded === 'object' && decoded !== null) {
    const entries = Object.entries(decoded).slice(0, entryLimit)
    return Object.fromEntries(entries.map(([key, entry]) => [key, convert(entry, counts, depth + 1)]))
  }
  return null
}
