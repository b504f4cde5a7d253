import fc from 'fast-check'
import { expect, test } from 'vitest'

import { joinFacts } from '../../../src/activities/compaction/fact-list.ts'
import type { VerbatimFact } from '../../../src/contracts/context.ts'

const limits = { count: 10, characters: 10_000 }
const none = { facts: [], leftOut: 0 }

function fact(value: string, path = 'balance', tool = 'account_info'): VerbatimFact {
  return { callId: 'c', tool, path, value }
}

function valuesOf(facts: readonly VerbatimFact[]): string[] {
  return facts.map(({ value }) => value)
}

test('joins what was known with what was found, oldest first', () => {
  const before = joinFacts(none, [fact('1')], limits)
  expect(joinFacts(before, [fact('2')], limits)).toEqual({ facts: [fact('1'), fact('2')], leftOut: 0 })
})

test('behavior: a value that comes again is one fact, and the newest', () => {
  const { facts } = joinFacts(none, [fact('1', 'a[0].x'), fact('2'), fact('1', 'a[5].x')], limits)
  expect(facts).toEqual([fact('2'), fact('1', 'a[5].x')])
})

test('behavior: where there are too many, the oldest of the most frequent kind go, and are counted', () => {
  const rare = fact('0xrare', 'address', 'look_up')
  const blocks = Array.from({ length: 500 }, (_, index) => fact(`${index}`, 'block'))
  const { facts, leftOut } = joinFacts(none, [rare, ...blocks], limits)
  expect(valuesOf(facts)).toEqual(['0xrare', ...valuesOf(blocks.slice(-9))])
  expect(leftOut).toBe(491)
  expect(joinFacts({ facts, leftOut }, [fact('500', 'block')], limits).leftOut).toBe(492)
})

test('behavior: characters are bounded as well', () => {
  const long = Array.from({ length: 5 }, (_, index) => fact(`${index}`.repeat(100)))
  expect(joinFacts(none, long, { ...limits, characters: 300 }).facts).toHaveLength(2)
})

test('behavior: with as many kinds as facts it is one pass, and no hour', () => {
  const facts = Array.from({ length: 400_000 }, (_, index) => fact(`${index}`, `kind${index}`))
  expect(joinFacts(none, facts, limits)).toEqual({ facts: facts.slice(-10), leftOut: facts.length - 10 })
})

test('property: what leaves is the oldest of a largest kind', () => {
  const anyKinds = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })
  fc.assert(
    fc.property(anyKinds, fc.nat(30), (kinds, count) => {
      const facts = kinds.map((kind, index) => fact(`${index}`, kind))
      const kept = joinFacts(none, facts, { ...limits, count }).facts
      const sizes = ['a', 'b', 'c', 'd'].map((kind) => {
        const all = facts.filter(({ path }) => path === kind)
        const left = kept.filter(({ path }) => path === kind)
        expect(left).toEqual(all.slice(all.length - left.length))
        return { all: all.length, left: left.length }
      })
      const most = Math.max(...sizes.map(({ left }) => left))
      const shortened = sizes.filter(({ all, left }) => left < all)
      for (const { left } of shortened) expect(left).toBeGreaterThanOrEqual(most - 1)
    }),
  )
})

test('property: never passes its limits, and forgets nothing without counting it', () => {
  const anyFact = fc
    .tuple(fc.string({ maxLength: 20 }), fc.constantFrom('a', 'b[1].c'), fc.constantFrom('t', 'u'))
    .map(([value, path, tool]) => fact(value, path, tool))
  fc.assert(
    fc.property(
      fc.array(anyFact),
      fc.array(anyFact),
      fc.nat(20),
      fc.nat(500),
      (old, found, count, characters) => {
        const before = joinFacts(none, old, limits)
        const { facts, leftOut } = joinFacts(before, found, { count, characters })
        const unique = new Set([...before.facts, ...found].map(({ path, value }) => `${path} ${value}`))
        expect(facts.length).toBeLessThanOrEqual(count)
        expect(valuesOf(facts).join('').length).toBeLessThanOrEqual(characters)
        expect(facts.length + leftOut - before.leftOut).toBe(unique.size)
      },
    ),
  )
})
