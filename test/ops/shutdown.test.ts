import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

const program = join(import.meta.dirname, 'fixtures', 'stopping-process.ts')
const started: ChildProcess[] = []

afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')))

test.each(['SIGTERM', 'SIGINT'] as const)(
  'runs every step in order after %s and exits with 0',
  async (signal) => {
    const { child, log, ended } = await startProcess()
    child.kill(signal)
    expect(await ended).toBe(0)
    const order = ['first stops', 'a part failed to stop', 'a part did not stop in time', 'last stops']
    const positions = order.map((message) => log().indexOf(message))
    expect(positions.every((position) => position > 0)).toBe(true)
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
  },
)

test('behavior: a second signal exits at once', async () => {
  const { child, log, ended } = await startProcess('hangs')
  child.kill('SIGTERM')
  while (!log().includes('failed to stop')) await once(child.stdout ?? child, 'data')
  child.kill('SIGTERM')
  expect(await ended).toBe(1)
})

test('error: a rejection that nobody caught is logged and ends the process with 1', async () => {
  const { child, log, ended } = await startProcess()
  child.send('reject')
  expect(await ended).toBe(1)
  expect(log()).toContain('nobody caught this')
})

/** Resolves when the process has announced that it is ready. */
async function startProcess(...args: string[]) {
  const child = fork(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: [] })
  started.push(child)
  let log = ''
  child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const ended = once(child, 'close').then(([code]: unknown[]) => code)
  const [message]: unknown[] = await once(child, 'message')
  expect(message).toEqual({ type: 'ready', port: 1 })
  return { child, log: () => log, ended }
}
