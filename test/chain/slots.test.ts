import { expect, test } from 'vitest'

import { createSlots } from '../../src/chain/slots.ts'

const never = new AbortController().signal

test('runs at most so many at once, the rest in order', async () => {
  const slots = createSlots(2)
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const started: number[] = []
  const all = gates.map(({ promise }, index) =>
    slots(never, async () => {
      started.push(index)
      await promise
    }),
  )
  await Promise.resolve()
  expect(started).toEqual([0, 1])
  gates[1]?.resolve()
  await all[1]
  await Promise.resolve()
  expect(started).toEqual([0, 1, 2])
  for (const { resolve } of gates) resolve()
  await Promise.all(all)
  expect(started).toEqual([0, 1, 2, 3])
})

test('behavior: who aborts while waiting leaves the line and takes no slot', async () => {
  const slots = createSlots(1)
  const first = Promise.withResolvers<void>()
  const running = slots(never, () => first.promise)
  const stop = new AbortController()
  const waiting = slots(stop.signal, async () => 'ran')
  const last = slots(never, async () => 'last')
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  first.resolve()
  await running
  await expect(last).resolves.toBe('last')
})

test('behavior: a use that throws gives its slot back', async () => {
  const slots = createSlots(1)
  await expect(slots(never, async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  await expect(slots(never, async () => 'next')).resolves.toBe('next')
})
