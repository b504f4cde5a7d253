import { expect, test, vi } from 'vitest'

import { type Child, spawnChild } from '../../../dev/process/child.ts'
import { describeProcess, listProcessesWith } from '../../../dev/process/identity.ts'

function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<Child> {
  return spawnChild({
    command: process.execPath,
    args: ['-e', `${program}; process.send?.('up')`],
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
    output: 'ignore',
    ipc: true,
  })
}

function isUp(child: Child): Promise<void> {
  return new Promise((resolve) => child.onMessage(() => resolve()))
}

test('default: a child that obeys SIGTERM ends with its own exit code', async () => {
  const child = await run(`process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000)`)
  await isUp(child)
  await child.stop(10_000)
  expect(await child.exited).toEqual({ code: 7, signal: null })
})

test('behavior: one that ignores SIGTERM is killed when its time is over', async () => {
  const child = await run(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`)
  await isUp(child)
  await child.stop(100)
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
})

test('behavior: what a child has started goes with it', async () => {
  const marker = `CHILD_TEST=${process.pid}`
  const grandchild = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])`
  const child = await run(`${grandchild}; process.on('SIGTERM', () => process.exit(0))`, {
    CHILD_TEST: String(process.pid),
  })
  await isUp(child)
  expect(await listProcessesWith(marker)).toHaveLength(2)
  await child.stop(10_000)
  await vi.waitFor(async () => expect(await listProcessesWith(marker)).toEqual([]))
})

test('behavior: a process that is gone has no description', async () => {
  const child = await run('')
  await child.exited
  expect(await describeProcess(child.pid)).toBeUndefined()
})

test('error: a command that does not exist', async () => {
  const missing = { command: '/no/such/command', args: [], cwd: '/', env: {}, output: 'ignore' as const }
  await expect(spawnChild(missing)).rejects.toThrow('ENOENT')
})
