import { expect, test } from 'vitest'
import { z } from 'zod'

import { boundedArray } from '../../src/schemas/bounded-array.ts'

/** A number, and how often one was looked at. */
function countedNumber() {
  let looks = 0
  const schema = z.unknown().pipe(
    z.preprocess((value) => {
      looks += 1
      return value
    }, z.number()),
  )
  return { schema, looks: () => looks }
}

test('takes what its items take', () => {
  const numbers = boundedArray(z.string().transform(Number), 3)
  expect(numbers.parse(['1', '2', '3'])).toEqual([1, 2, 3])
  expect(numbers.parse([])).toEqual([])
  expect(numbers.safeParse('1').error?.issues).toMatchObject([{ path: [], code: 'invalid_type' }])
  expect(z.strictObject({ numbers: numbers.optional() }).parse({})).toEqual({})
})

test('behavior: says where an item is wrong, however deep', () => {
  const list = z.strictObject({ list: boundedArray(z.strictObject({ a: z.number() }), 3) })
  const { error } = list.safeParse({ list: [{ a: 1 }, { a: 'x', b: 1 }] })
  expect(error?.issues).toMatchObject([
    { path: ['list', 1, 'a'], code: 'invalid_type' },
    { path: ['list', 1], code: 'unrecognized_keys', keys: ['b'] },
  ])
})

test('behavior: looks at nothing of one that is too long', () => {
  const { schema, looks } = countedNumber()
  const { error } = boundedArray(schema, 1_000).safeParse(Array(200_000).fill(0))
  expect(error?.issues).toMatchObject([{ path: [], message: 'At most 1000 of them, not 200000.' }])
  expect(looks()).toBe(0)
})

test('behavior: stops at the fiftieth fault', () => {
  const { schema, looks } = countedNumber()
  const { error } = boundedArray(schema, 1_000).safeParse([0, ...Array<string>(999).fill('x')])
  expect(error?.issues).toHaveLength(50)
  expect(looks()).toBe(51)
})
