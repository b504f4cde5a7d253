import { expect, test } from 'vitest'

import { joinLivingBuilds } from '../../src/store/living-builds.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()

async function join(build: string) {
  const errors: unknown[] = []
  const builds = await joinLivingBuilds(store.openPool(2), build, (error) => errors.push(error))
  return { ...builds, errors }
}

test('a build lives for as long as one of its workers does', async () => {
  const [watching, first, second] = [await join('w:1'), await join('b:1'), await join('b:1')]
  // Everything lives in the first seconds of the server.
  await expect.poll(() => watching.isLiving('b:2'), { timeout: 10_000 }).toBe(false)
  expect(await watching.isLiving('b:1')).toBe(true)

  await first.leave()
  expect(await watching.isLiving('b:1')).toBe(true)
  await second.leave()
  expect(await watching.isLiving('b:1')).toBe(false)
  await watching.leave()
})

test('behavior: asking does not keep a worker of the build from joining', async () => {
  const watching = await join('w:2')
  const asked = Array.from({ length: 20 }, () => watching.isLiving('b:3'))
  const joined = await Promise.all(Array.from({ length: 5 }, () => join('b:3')))
  await Promise.all(asked)
  expect(await watching.isLiving('b:3')).toBe(true)
  await Promise.all([watching, ...joined].map(({ leave }) => leave()))
})
