import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { expect, test } from 'vitest'

import { cachedTemporal, findTemporal } from '../../dev/temporal.ts'
import { createTestDir } from '../support/servers.ts'

/** Puts a command there that answers like the temporal command of a version. */
async function install(file: string, version: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `#!/bin/sh\necho "temporal version ${version} (Server 1.31.2, UI 2.50.1)"\n`)
  await chmod(file, 0o755)
  return file
}

async function createPlaces() {
  const dir = await createTestDir('temporal')
  const env: NodeJS.ProcessEnv = { PATH: join(dir, 'bin'), XDG_CACHE_HOME: join(dir, 'cache') }
  const reports: string[] = []
  const find = (more: NodeJS.ProcessEnv = {}) =>
    findTemporal({
      env: { ...env, ...more },
      signal: new AbortController().signal,
      report: (text) => reports.push(text),
    })
  return { dir, env, find, reports, onPath: join(dir, 'bin', 'temporal') }
}

test('default: the command on PATH is used', async () => {
  const { env, find, onPath } = await createPlaces()
  await install(onPath, '1.8.2')
  await install(cachedTemporal(env), '1.8.2')
  expect(await find()).toBe(onPath)
})

test('behavior: TEMPORAL_CLI goes before PATH', async () => {
  const { dir, find, onPath } = await createPlaces()
  await install(onPath, '1.8.2')
  const configured = await install(join(dir, 'own', 'temporal'), '1.7.0')
  expect(await find({ TEMPORAL_CLI: configured })).toBe(configured)
})

test('behavior: one on PATH that is too old is passed over, and it is said', async () => {
  const { env, find, onPath, reports } = await createPlaces()
  await install(onPath, '1.0.0')
  const cached = await install(cachedTemporal(env), '1.8.2')
  expect(await find()).toBe(cached)
  expect(reports.join()).toContain('is too old (1.0.0')
})

test('error: a TEMPORAL_CLI that does not run is not silently replaced', async () => {
  const { env, find } = await createPlaces()
  await install(cachedTemporal(env), '1.8.2')
  await expect(find({ TEMPORAL_CLI: '/no/such/temporal' })).rejects.toThrow('Correct or remove it.')
})
