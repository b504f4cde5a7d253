import { execFile } from 'node:child_process'
import { copyFile, link, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { findTemporal } from '../../dev/temporal.ts'
import { makeClone } from '../support/clone.ts'
import { createTestDir } from '../support/servers.ts'
import { type StartCommand, bareEnvironment, readRun, runStart } from '../support/start-command.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const run = promisify(execFile)

// An account that every system has. Whoever is no root is a normal user already.
const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

let clone = ''
let env: NodeJS.ProcessEnv = {}
let running: StartCommand | undefined

beforeAll(async () => {
  const dir = await createTestDir('user')
  clone = join(dir, 'a path with spaces')
  await makeClone(clone)
  await mkdir(join(dir, 'home'))
  if (account) await giveAway(dir, account)
  // The cache of root is closed to others.
  const temporal = join(dir, 'temporal')
  await placeTemporal(temporal)
  env = { HOME: join(dir, 'home'), XDG_CACHE_HOME: undefined, TEMPORAL_CLI: temporal }
})

afterAll(async () => {
  running?.signal('SIGINT')
  await running?.ended
})

test('default: a normal user starts it in a path with spaces and gets an answer', async () => {
  running = runStart(clone, { env, ...(account && { account }) })
  await running.printed('Perdura is ready: ')
  const options = { cwd: clone, env: { ...bareEnvironment(), ...env }, ...account }
  const { stdout } = await run('npx', ['perdura', 'ask', 'What do Alice and Bob hold?'], options)
  expect(stdout).toContain('1250.5')
  expect((await readRun(clone)).parts.map(({ restarts }) => restarts)).not.toContain(1)
})

async function placeTemporal(target: string): Promise<void> {
  const { signal } = new AbortController()
  const command = await findTemporal({ env: process.env, signal, report: () => {} })
  await link(command, target).catch(() => copyFile(command, target))
}

// Not the packages: they are the project's own files under a second name.
async function giveAway(dir: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const others = ['-name', 'node_modules', '-prune', '-o']
  await run('find', [dir, ...others, '-exec', 'chown', '-h', `${uid}:${gid}`, '{}', '+'])
}
