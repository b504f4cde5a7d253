import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  type ContextParts,
  type ContextUnit,
  fitContext,
  type SizedMessage,
} from '../../../src/activities/context/fit-context.ts'
import { bytesPerToken } from '../../../src/models/token-counter.ts'

let count = 0
const sized = (id: string, tokens: number, isResult: boolean): SizedMessage => ({
  id,
  tokens,
  sizeBytes: tokens * bytesPerToken,
  isResult,
})
const said = (tokens: number): SizedMessage => sized(`m${count++}`, tokens, false)
const result = (id: string, tokens: number): SizedMessage => sized(id, tokens, true)
const turnOf = (...tokens: number[]): ContextUnit => tokens.map(said)

const parts = (given: Partial<ContextParts>): ContextParts => ({
  strategy: 'slidingWindow',
  budgetTokens: 1_000,
  noteTokens: 0,
  older: [],
  running: turnOf(100),
  complete: true,
  compacted: false,
  ...given,
})
const fits = (tokens: number, olderUnits: number, caps: Record<string, number> = {}, hasNote = false) => ({
  kind: 'fits',
  tokens,
  hasNote,
  olderUnits,
  caps: new Map(Object.entries(caps)),
})

describe('fitContext', () => {
  it('gives everything when everything fits', () => {
    const older = [turnOf(100, 200), turnOf(50)]
    expect(fitContext(parts({ older }))).toEqual(fits(450, 2))
  })

  it('leaves out whole units, the oldest first', () => {
    const older = [turnOf(100), turnOf(400, 400), turnOf(300)]
    expect(fitContext(parts({ older }))).toEqual(fits(400, 1))
  })

  it('leaves out everything older when only the running turn fits', () => {
    expect(fitContext(parts({ older: [turnOf(1)], running: turnOf(1_000) }))).toEqual(fits(1_000, 0))
  })

  it('cuts the oldest results of a turn that does not fit', () => {
    const running = [said(100), said(10), result('a', 5_000), said(10), result('b', 5_000)]
    expect(fitContext(parts({ running, budgetTokens: 6_000 }))).toEqual(fits(6_000, 0, { a: 880 }))
    expect(fitContext(parts({ running, budgetTokens: 2_000 }))).toEqual(fits(2_000, 0, { a: 800, b: 1_080 }))
    expect(fitContext(parts({ running, budgetTokens: 1_000 }))).toEqual(fits(1_000, 0, { a: 100, b: 780 }))
  })

  it('cuts the results of one reply alike, and small ones not at all', () => {
    const running = [said(100), result('a', 3_000), result('b', 90), result('c', 2_000)]
    expect(fitContext(parts({ running, budgetTokens: 3_190 }))).toEqual(
      fits(3_190, 0, { a: 1_500, c: 1_500 }),
    )
  })

  it('cuts the results of one older unit rather than leaving it out', () => {
    const older = [turnOf(10), [said(100), result('a', 9_000)]]
    expect(fitContext(parts({ older }))).toEqual(fits(1_000, 1, { a: 800 }))
  })

  it('is full when the turn does not fit with all of its results cut', () => {
    const running = [said(900), result('a', 5_000), result('b', 150)]
    expect(fitContext(parts({ running, budgetTokens: 1_100 }))).toMatchObject({ kind: 'fits' })
    expect(fitContext(parts({ running, budgetTokens: 1_099 }))).toEqual({ kind: 'full' })
    expect(fitContext(parts({ budgetTokens: -5, running: [] }))).toEqual({ kind: 'full' })
  })

  it('full: everything or nothing', () => {
    const all = { strategy: 'full' as const, older: [turnOf(400), turnOf(500)] }
    expect(fitContext(parts(all))).toEqual(fits(1_000, 2))
    expect(fitContext(parts({ ...all, running: turnOf(101) }))).toEqual({ kind: 'full' })
    expect(fitContext(parts({ ...all, complete: false }))).toEqual({ kind: 'full' })
  })

  it('full: gives what was summed up on demand with the rest, or nothing', () => {
    const all = { strategy: 'full' as const, older: [turnOf(400)], running: turnOf(100) }
    expect(fitContext(parts({ ...all, noteTokens: 500 }))).toEqual(fits(1_000, 1, {}, true))
    expect(fitContext(parts({ ...all, noteTokens: 501 }))).toEqual({ kind: 'full' })
  })

  it('full: cuts results of the running turn only', () => {
    const older = [[said(10), result('a', 500)]]
    const running = [said(10), result('b', 5_000)]
    expect(fitContext(parts({ strategy: 'full', older, running }))).toEqual(fits(1_000, 1, { b: 480 }))
  })

  it('summary: asks for a summary at three quarters of the budget', () => {
    const asked = { strategy: 'summary' as const, noteTokens: 50 }
    expect(fitContext(parts({ ...asked, older: [turnOf(600)] }))).toEqual(fits(750, 1, {}, true))
    expect(fitContext(parts({ ...asked, older: [turnOf(601)] }))).toEqual({ kind: 'compact' })
  })

  it('summary: asks for one when a large window is far from full', () => {
    const asked = { strategy: 'summary' as const, budgetTokens: 1_000_000 }
    expect(fitContext(parts({ ...asked, older: [turnOf(97_400)] }))).toMatchObject({ kind: 'fits' })
    expect(fitContext(parts({ ...asked, older: [turnOf(97_401)] }))).toEqual({ kind: 'compact' })
  })

  it('summary: asks for one when the store holds more than was loaded', () => {
    expect(fitContext(parts({ strategy: 'summary', complete: false }))).toEqual({ kind: 'compact' })
  })

  it('summary: does not ask when little would be won, or twice', () => {
    const little = { strategy: 'summary' as const, running: turnOf(700) }
    expect(fitContext(parts({ ...little, older: [turnOf(300)] }))).toEqual(fits(1_000, 1))
    expect(fitContext(parts({ ...little, older: [turnOf(301)] }))).toEqual({ kind: 'compact' })
    expect(fitContext(parts({ ...little, older: [turnOf(150), turnOf(50)] }))).toEqual(fits(900, 2))
    expect(fitContext(parts({ ...little, older: [turnOf(151), turnOf(50)] }))).toEqual({ kind: 'compact' })
    const running = turnOf(900)
    expect(fitContext(parts({ strategy: 'summary', running }))).toEqual(fits(900, 0))
    const older = [turnOf(500), turnOf(60)]
    expect(fitContext(parts({ strategy: 'summary', running, older, compacted: true }))).toEqual(fits(960, 1))
    expect(fitContext(parts({ strategy: 'summary', complete: false, compacted: true }))).toEqual(fits(100, 0))
  })

  it('summary: goes without its note before the turn ends', () => {
    const running = turnOf(900)
    expect(fitContext(parts({ strategy: 'summary', noteTokens: 100, running }))).toEqual(
      fits(1_000, 0, {}, true),
    )
    expect(fitContext(parts({ strategy: 'summary', noteTokens: 101, running }))).toEqual(fits(900, 0))
  })
})

const tokens = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 20_000 }))
const anyUnit = fc
  .array(fc.record({ tokens, sizeBytes: fc.nat(60_000), isResult: fc.boolean() }), { maxLength: 12 })
  .map((messages): ContextUnit => messages.map((message) => ({ id: `p${count++}`, ...message })))
const anyParts: fc.Arbitrary<ContextParts> = fc.record({
  strategy: fc.constantFrom('full', 'slidingWindow', 'summary', 'none'),
  budgetTokens: fc.integer({ min: -100, max: 60_000 }),
  noteTokens: fc.integer({ min: 0, max: 2_000 }),
  older: fc.array(anyUnit, { maxLength: 8 }),
  running: anyUnit,
  complete: fc.boolean(),
  compacted: fc.boolean(),
})

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const whole = (unit: ContextUnit) => sum(unit.map((message) => message.tokens))
/** With every result cut as short as may be. */
const least = (unit: ContextUnit) =>
  sum(unit.map((message) => (message.isResult ? Math.min(message.tokens, 100) : message.tokens)))

function property(check: (given: ContextParts) => void): void {
  fc.assert(fc.property(anyParts, check), { numRuns: 2_000 })
}

describe('whatever the history, fitContext', () => {
  it('stays inside the budget, and counts what it gives', () => {
    property((given) => {
      const fitted = fitContext(given)
      if (fitted.kind !== 'fits') return
      const given_ = [...given.older.slice(given.older.length - fitted.olderUnits), given.running].flat()
      const counted = sum(given_.map((message) => fitted.caps.get(message.id) ?? message.tokens))
      expect(fitted.tokens).toBe(counted + (fitted.hasNote ? given.noteTokens : 0))
      expect(fitted.tokens).toBeLessThanOrEqual(given.budgetTokens)
    })
  })

  it('cuts results only, never below a word about the cut, and none that is not given', () => {
    property((given) => {
      const fitted = fitContext(given)
      if (fitted.kind !== 'fits') return
      const units = [...given.older.slice(given.older.length - fitted.olderUnits), given.running]
      for (const [id, cap] of fitted.caps) {
        const message = units.flat().find((candidate) => candidate.id === id)
        expect(message?.isResult).toBe(true)
        expect(cap).toBeLessThan(message?.tokens ?? 0)
        expect(cap).toBeGreaterThanOrEqual(100)
      }
      const cutUnits = units.filter((unit) => unit.some((message) => fitted.caps.has(message.id)))
      // The running turn, and the oldest unit that is given.
      expect(cutUnits.every((unit) => unit === units[0] || unit === units.at(-1))).toBe(true)
    })
  })

  it('is full only when nothing could make it fit', () => {
    property((given) => {
      if (fitContext(given).kind !== 'full') return
      const older = given.strategy === 'full' ? sum(given.older.map(whole)) + given.noteTokens : 0
      const lost = given.strategy === 'full' && !given.complete
      expect(lost || older + least(given.running) > given.budgetTokens).toBe(true)
    })
  })

  it('leaves out no unit for which there is room', () => {
    property((given) => {
      const fitted = fitContext(given)
      if (fitted.kind !== 'fits' || fitted.olderUnits === given.older.length) return
      const next = given.older[given.older.length - fitted.olderUnits - 1] ?? []
      const last = given.older[given.older.length - fitted.olderUnits]
      const wasCut = last?.some((message) => fitted.caps.has(message.id)) ?? false
      expect(wasCut || fitted.tokens + least(next) > given.budgetTokens).toBe(true)
    })
  })

  it('asks for a summary only where one helps', () => {
    property((given) => {
      if (fitContext(given).kind !== 'compact') return
      expect(given).toMatchObject({ strategy: 'summary', compacted: false })
      expect(given.older.length > 0 || !given.complete).toBe(true)
    })
  })
})
