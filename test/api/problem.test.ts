import { expect, test } from 'vitest'

import { fieldProblem } from '../../src/api/problem.ts'

test('a problem names the first fifty fields that are wrong', () => {
  const errors = Array.from({ length: 10_000 }, (_, index) => ({ path: `a.${index}`, message: 'Wrong.' }))
  const { message, details } = fieldProblem('invalid_request', errors)
  expect(details).toEqual({ errors: errors.slice(0, 50) })
  expect(message.split('; ')).toHaveLength(50)
})
