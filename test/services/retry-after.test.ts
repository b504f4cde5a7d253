import { describe, expect, it } from 'vitest'

import { readRetryAfterMs } from '../../src/services/retry-after.ts'

const nowMs = Date.parse('2026-11-05T12:00:00Z')
const read = (headers: Record<string, string>) => readRetryAfterMs(new Headers(headers), nowMs)

describe('readRetryAfterMs', () => {
  it('reads seconds, dates and milliseconds', () => {
    expect(read({ 'retry-after': '7' })).toBe(7_000)
    expect(read({ 'retry-after': '1.5' })).toBe(1_500)
    expect(read({ 'retry-after': 'Thu, 05 Nov 2026 12:00:30 GMT' })).toBe(30_000)
    expect(read({ 'retry-after-ms': '250', 'retry-after': '9' })).toBe(250)
  })

  it('behavior: a date that has passed is now', () => {
    expect(read({ 'retry-after': 'Thu, 05 Nov 2026 11:00:00 GMT' })).toBe(0)
  })

  it('behavior: nothing, nonsense and negative numbers say nothing', () => {
    expect([read({}), read({ 'retry-after': 'soon' }), readRetryAfterMs(undefined, nowMs)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
