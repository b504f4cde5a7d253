import { readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createFakeProject } from './fake-project.ts'

async function countInstalls(dir: string): Promise<number> {
  const runs = await readFile(join(dir, 'npm-runs'), 'utf8').catch(() => '')
  return runs.split('\n').filter(Boolean).length
}

test('default: absent packages are installed, present ones are left alone', async () => {
  const { dir, run } = await createFakeProject()
  expect(await run('ensure-install.mjs')).toMatchObject({
    code: 0,
    output: expect.stringContaining('Installing packages'),
  })
  expect(await run('ensure-install.mjs')).toEqual({ code: 0, output: '' })
  expect(await countInstalls(dir)).toBe(1)
})

test('behavior: packages older than the lock file are installed again', async () => {
  const { dir, run } = await createFakeProject()
  await run('ensure-install.mjs')
  const later = new Date(Date.now() + 60_000)
  await utimes(join(dir, 'package-lock.json'), later, later)
  await run('ensure-install.mjs')
  expect(await countInstalls(dir)).toBe(2)
})

test('behavior: two at once install one after the other, and only once', async () => {
  const { dir, run } = await createFakeProject()
  const both = await Promise.all([run('ensure-install.mjs'), run('ensure-install.mjs')])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(await countInstalls(dir)).toBe(1)
})
