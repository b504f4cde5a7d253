import { expect, test } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { assertConfiguration } from '../../src/ops/assert-configuration.ts'

const fail = (message: string) => () => {
  throw new AppError('configuration', message)
}

test('accepts what every parser accepts', () => {
  expect(() => assertConfiguration([() => 1, () => 2])).not.toThrow()
})

test('error: the faults of all parsers stand in one message', () => {
  const check = () => assertConfiguration([fail('PORT is wrong.'), () => 1, fail('PERDURA_CHAINS is wrong.')])
  expect(check).toThrow('PORT is wrong.\nPERDURA_CHAINS is wrong.')
})

test('error: anything else is no fault of the configuration', () => {
  const broken = () => {
    throw new TypeError('a mistake of ours')
  }
  expect(() => assertConfiguration([broken, fail('PORT is wrong.')])).toThrow(TypeError)
})
