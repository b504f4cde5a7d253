import fc from 'fast-check'
import { expect, test } from 'vitest'

import { WeightedGate } from '../../src/ops/weighted-gate.ts'

const never = new AbortController().signal

/** Starts work that waits for its turn; `inside` says which have got in, in order. */
function work(gate: WeightedGate) {
  const inside: string[] = []
  return {
    inside,
    async enter(name: string, weight: number, signal = never, key?: string) {
      const leave = await gate.enter(weight, signal, key)
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

test('behavior: keys take turns, whoever asked first', async () => {
  const { inside, enter } = work(new WeightedGate(1))
  const leave = await enter('a1', 1, never, 'a')
  const leaves: (() => void)[] = []
  const enterNext = async (name: string, key: string) => {
    leaves.push(await enter(name, 1, never, key))
  }
  for (const name of ['a2', 'a3', 'a4']) void enterNext(name, 'a')
  for (const name of ['b1', 'b2']) void enterNext(name, 'b')
  void enterNext('c1', 'c')
  leave()
  for (let count = 0; count < 6; count++) {
    await settled()
    leaves.shift()?.()
  }
  await settled()
  expect(inside).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
})

test('behavior: a key that never leaves keeps room for others', async () => {
  const gate = new WeightedGate(32)
  const { inside, enter } = work(gate)
  for (let count = 0; count < 100; count++) void enter('greedy', 1, never, 'greedy')
  await settled()
  expect(inside).toHaveLength(24)
  for (let count = 0; count < 100; count++) void enter('second', 1, never, 'second')
  await settled()
  expect(inside).toHaveLength(24 + 6)
  expect(gate.tryEnter(1, 'greedy')).toBeUndefined()
  expect(gate.tryEnter(1, 'third')).toBeTypeOf('function')
  expect(gate.load()).toMatchObject({ limit: 32, inside: 31, waiting: 170, waitingKeys: 2 })
})

test('behavior: it is crowded for those who wait already, when as many wait as may be inside', () => {
  const gate = new WeightedGate(2)
  void gate.enter(2, never, 'holder')
  void gate.enter(1, never, 'one')
  expect(gate.isCrowded('one')).toBe(false)
  void gate.enter(1, never, 'one')
  expect(gate.isCrowded('one')).toBe(true)
  expect(gate.isCrowded('two')).toBe(false)
})

test('behavior: work of nobody has no share', async () => {
  const { inside, enter } = work(new WeightedGate(4))
  for (let count = 0; count < 9; count++) void enter('nobody', 1)
  await settled()
  expect(inside).toHaveLength(4)
})

test('behavior: who gives up is forgotten with its key', async () => {
  const gate = new WeightedGate(1)
  await gate.enter(1, never, 'holder')
  const giver = new AbortController()
  const given = gate.enter(1, giver.signal, 'giver')
  expect(gate.load()).toMatchObject({ waiting: 1, waitingKeys: 1 })
  giver.abort(new Error('stopped'))
  await expect(given).rejects.toThrow('stopped')
  expect(gate.load()).toMatchObject({ inside: 1, waiting: 0, waitingKeys: 0, longestWaitMs: 0 })
})

/** What somebody does at a gate: asks for a place, ends work that is inside, or gives up waiting. */
const deeds = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        ask: fc.constantFrom('a', 'b', 'c', 'd'),
        weight: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ end: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ giveUp: fc.nat() }) },
  ),
  { maxLength: 80, size: 'max' },
)

test('property: nobody who holds nothing waits longer than a round, and the limit holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 4, max: 12 }), deeds, async (limit, done) => {
      const gate = new WeightedGate(limit)
      const waiting: { key: string; giver: AbortController; passedBy: string[] }[] = []
      const inside: { key: string; weight: number; leave(): void }[] = []
      const weightOf = (key?: string) =>
        inside
          .filter((one) => key === undefined || one.key === key)
          .reduce((sum, { weight }) => sum + weight, 0)

      /** The first that waits of each key. */
      const listHeads = () =>
        waiting.filter((one, place) => waiting.findIndex(({ key }) => key === one.key) === place)
      const overtaken: string[] = []
      let heaviest = 0

      async function ask(key: string, weight: number): Promise<void> {
        const mine = { key, giver: new AbortController(), passedBy: [] as string[] }
        waiting.push(mine)
        const leave = await gate.enter(weight, mine.giver.signal, key).catch(() => undefined)
        if (leave === undefined) return
        waiting.splice(waiting.indexOf(mine), 1)
        inside.push({ key, weight, leave })
        heaviest = Math.max(heaviest, weightOf())
        for (const head of listHeads()) {
          // One that holds something may have had its share.
          if (head.key === key || weightOf(head.key) > 0) head.passedBy = []
          else if (head.passedBy.includes(key)) overtaken.push(head.key)
          else head.passedBy.push(key)
        }
      }
      for (const deed of done) {
        if ('ask' in deed) void ask(deed.ask, deed.weight)
        else if ('end' in deed) inside.splice(deed.end % Math.max(inside.length, 1), 1)[0]?.leave()
        else
          waiting.splice(deed.giveUp % Math.max(waiting.length, 1), 1)[0]?.giver.abort(new Error('gave up'))
        await settled()
        expect(gate.load()).toMatchObject({ inside: weightOf(), waiting: waiting.length })
      }
      // Whatever came before, everybody gets in when those inside end.
      while (inside.length > 0) {
        inside.shift()?.leave()
        await settled()
      }
      expect(waiting).toHaveLength(0)
      expect(overtaken).toEqual([])
      expect(heaviest).toBeLessThanOrEqual(limit)
    }),
    { numRuns: 300 },
  )
})
