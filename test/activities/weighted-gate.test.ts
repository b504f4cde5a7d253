import { expect, test } from 'vitest'

import { WeightedGate } from '../../src/activities/weighted-gate.ts'

const never = new AbortController().signal

/** Starts work that waits for its turn; `inside` says which have got in, in order. */
function work(gate: WeightedGate) {
  const inside: string[] = []
  return {
    inside,
    async enter(name: string, weight: number, signal = never) {
      const leave = await gate.enter(weight, signal)
      inside.push(name)
      return leave
    },
  }
}

/** Everything that can go on without anything from outside has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('lets in what is within the limit, and the rest in order', async () => {
  const { inside, enter } = work(new WeightedGate(10))
  const leaveOne = await enter('one', 6)
  await enter('two', 4)
  void enter('three', 5)
  void enter('four', 1)
  await settled()
  expect(inside).toEqual(['one', 'two'])
  leaveOne()
  await settled()
  expect(inside).toEqual(['one', 'two', 'three', 'four'])
})

test('behavior: a heavy one is not overtaken for ever', async () => {
  const gate = new WeightedGate(10)
  const { inside, enter } = work(gate)
  const leave = await enter('one', 6)
  void enter('heavy', 8)
  expect(gate.tryEnter(1)).toBeUndefined()
  void enter('light', 1)
  await settled()
  expect(inside).toEqual(['one'])
  leave()
  await settled()
  expect(inside).toEqual(['one', 'heavy', 'light'])
})

test('behavior: what is heavier than the limit goes in alone', async () => {
  const { inside, enter } = work(new WeightedGate(10))
  const leaveFirst = await enter('first', 1)
  const giant = enter('giant', 99)
  await settled()
  expect(inside).toEqual(['first'])
  leaveFirst()
  const leaveGiant = await giant
  void enter('next', 1)
  await settled()
  expect(inside).toEqual(['first', 'giant'])
  leaveGiant()
  await settled()
  expect(inside).toEqual(['first', 'giant', 'next'])
})

test('behavior: leaving twice makes room once', async () => {
  const { inside, enter } = work(new WeightedGate(1))
  const leave = await enter('one', 1)
  leave()
  leave()
  await enter('two', 1)
  void enter('three', 1)
  await settled()
  expect(inside).toEqual(['one', 'two'])
})

test('behavior: who gives up makes room for those behind', async () => {
  const { inside, enter } = work(new WeightedGate(10))
  await enter('one', 6)
  const giver = new AbortController()
  const heavy = enter('heavy', 8, giver.signal)
  void enter('light', 4)
  await settled()
  expect(inside).toEqual(['one'])
  const reason = new Error('stopped')
  giver.abort(reason)
  await expect(heavy).rejects.toBe(reason)
  await settled()
  expect(inside).toEqual(['one', 'light'])
})
