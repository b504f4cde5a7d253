import { expect, test } from 'vitest'

import { Turnstile } from '../../src/temporal/turnstile.ts'

const far = Date.now() + 3_600_000

/** Work that ends when the test says so, and notes when it began. */
function createWork() {
  const begun: number[] = []
  const ends: (() => void)[] = []
  return {
    begun,
    run: (number: number) => async () => {
      begun.push(number)
      await new Promise<void>((resolve) => ends.push(resolve))
      return number
    },
    end: () => ends.shift()?.(),
  }
}

/** Lets everything go on that can. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('lets so many through at a time, the others in order', async () => {
  const turnstile = new Turnstile(2)
  const { begun, run, end } = createWork()
  const passed = [1, 2, 3, 4, 5].map((number) => turnstile.pass('a', far, run(number)))
  await settle()
  expect(begun).toEqual([1, 2])
  for (const expected of [
    [1, 2, 3],
    [1, 2, 3, 4],
    [1, 2, 3, 4, 5],
  ]) {
    end()
    await settle()
    expect(begun).toEqual(expected)
  }
  end()
  end()
  expect(await Promise.all(passed)).toEqual([1, 2, 3, 4, 5])
})

test('behavior: other keys do not wait', async () => {
  const turnstile = new Turnstile(1)
  const { begun, run, end } = createWork()
  const passed = [turnstile.pass('a', far, run(1)), turnstile.pass('b', far, run(2))]
  await settle()
  expect(begun).toEqual([1, 2])
  end()
  end()
  await Promise.all(passed)
})

test('behavior: who waits too long does not run, and takes no place', async () => {
  const turnstile = new Turnstile(1)
  const { begun, run, end } = createWork()
  const first = turnstile.pass('a', far, run(1))
  expect(await turnstile.pass('a', Date.now() + 5, run(2))).toBeUndefined()
  end()
  expect(await first).toBe(1)
  const third = turnstile.pass('a', far, run(3))
  await settle()
  end()
  expect(await third).toBe(3)
  expect(begun).toEqual([1, 3])
})

test('error: work that fails gives its place back', async () => {
  const turnstile = new Turnstile(1)
  const failing = turnstile.pass('a', far, () => Promise.reject(new Error('fault')))
  await expect(failing).rejects.toThrow('fault')
  expect(await turnstile.pass('a', far, () => Promise.resolve('next'))).toBe('next')
})
