import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { takeLock } from '../../../dev/launcher/lock.ts'
import { createTestDir } from '../../support/servers.ts'

const launchers: ChildProcess[] = []

afterEach(() => launchers.splice(0).forEach((launcher) => launcher.kill('SIGKILL')))

/** A process that looks like a launcher to those who look at its command line. */
async function startLauncher(): Promise<ChildProcess & { pid: number }> {
  const launcher = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'dev/start.ts'])
  launchers.push(launcher)
  await once(launcher, 'spawn')
  const { pid } = launcher
  if (pid === undefined) throw new Error('It did not start.')
  return Object.assign(launcher, { pid })
}

async function lockFileOf(holder?: { pid: number; stopping: boolean }): Promise<string> {
  const file = join(await createTestDir('lock'), 'launcher.lock')
  if (holder) await writeFile(file, JSON.stringify(holder))
  return file
}

test('default: a free lock is taken and given back', async () => {
  const file = await lockFileOf()
  const lock = await takeLock(file)
  expect(lock).toHaveProperty('release')
  if ('release' in lock) await lock.release()
  expect(await takeLock(file)).toHaveProperty('release')
})

test('behavior: the lock of a living launcher is left to it', async () => {
  const { pid } = await startLauncher()
  expect(await takeLock(await lockFileOf({ pid, stopping: false }))).toEqual({ pid, stopping: false })
})

test('behavior: a launcher that is stopping is waited for', async () => {
  const launcher = await startLauncher()
  const taking = takeLock(await lockFileOf({ pid: launcher.pid, stopping: true }))
  launcher.kill('SIGKILL')
  expect(await taking).toHaveProperty('release')
})

test('behavior: the lock of a process number that a stranger has by now is taken over', async () => {
  expect(await takeLock(await lockFileOf({ pid: process.pid, stopping: false }))).toHaveProperty('release')
})
