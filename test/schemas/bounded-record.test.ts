import { expect, test } from 'vitest'
import { z } from 'zod'

import { boundedRecord } from '../../src/schemas/bounded-record.ts'

const bounds = { max: 2, message: 'Too many.' }
const entries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'x']))

test('takes a record of so many entries', () => {
  const record = boundedRecord(z.string(), z.string(), bounds)
  expect(record.parse(entries(2))).toEqual(entries(2))
  expect(record.safeParse({ a: 1 }).error?.issues).toMatchObject([{ path: ['a'] }])
  expect(record.safeParse(null).success).toBe(false)
})

test('behavior: looks at nothing of one that has more', () => {
  const record = boundedRecord(z.string(), z.number(), bounds)
  expect(record.safeParse(entries(100_000)).error?.issues).toMatchObject([{ path: [], message: 'Too many.' }])
})
