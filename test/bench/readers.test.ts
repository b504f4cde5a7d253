import { expect, test } from 'vitest'

import { countFaults } from '../../bench/readers.ts'

test('counts what a reader missed and what it got twice', () => {
  expect(countFaults({ seen: [1, 2, 3] }, [1, 2, 3])).toBe(0)
  expect(countFaults({ seen: [1, 3, 3] }, [1, 2, 3])).toBe(2)
})
