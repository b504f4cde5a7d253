import { expect, test } from 'vitest'

import { ModelSlots } from '../../src/activities/model-slots.ts'

test('each provider has slots of its own, whatever its models are called', () => {
  const slots = new ModelSlots(1)
  expect(slots.of('slow/model').tryEnter(1, 'o_1')).toBeTypeOf('function')
  expect(slots.of('slow/other/model').tryEnter(1, 'o_2')).toBeUndefined()
  expect(slots.of('fast/model').tryEnter(1, 'o_2')).toBeTypeOf('function')
  expect([...slots.loads()].map(([provider, { inside }]) => [provider, inside])).toEqual([
    ['slow', 1],
    ['fast', 1],
  ])
})
