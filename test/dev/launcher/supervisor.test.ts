import { appendFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { expect, test, vi } from 'vitest'

import type { Part, RunningPart, Tier } from '../../../dev/launcher/part.ts'
import type { Screen } from '../../../dev/launcher/screen.ts'
import { type PartStatus, Supervisor } from '../../../dev/launcher/supervisor.ts'
import type { Exit } from '../../../dev/process/child.ts'
import { EndedEarly } from '../../../dev/process/wait-until.ts'
import { createTestDir } from '../../support/servers.ts'

type StartPart = (attempt: number) => Promise<void> | void

/** A supervisor with a part that is no process; `die` ends the running one. */
async function supervise(start: StartPart = () => {}, tier: Tier = 'app') {
  const shown: string[] = []
  const stopped: string[] = []
  let alive: PartStatus[] = []
  let die: (exit: Exit) => void = () => {}
  let attempt = 0
  const screen: Screen = {
    part: (name, text) => shown.push(`${name} ${text}`),
    line: (text) => shown.push(text),
  }
  const supervisor = new Supervisor(screen, async (parts) => void (alive = parts))
  const logFile = join(await createTestDir('supervisor'), 'logs', 'part.log')
  const createPart = (name: string, partTier: Tier): Part => ({
    name,
    tier: partTier,
    logFile,
    async start({ onSpawn }) {
      const { promise, resolve } = Promise.withResolvers<Exit>()
      const end = (exit: Exit): void => (stopped.push(name), resolve(exit))
      const stop = async (): Promise<void> => end({ code: 0, signal: null })
      const running: RunningPart = { pid: 1_000 + attempt, exited: promise, stop }
      onSpawn({ ...running, onMessage: () => {} })
      await start(attempt++)
      die = end
      return running
    },
  })
  const die9 = (): void => die({ code: null, signal: 'SIGKILL' })
  return {
    supervisor,
    part: createPart('part', tier),
    createPart,
    shown,
    stopped,
    die: die9,
    logFile,
    alive: () => alive,
  }
}

test('default: a part that dies is started again at once, and it is said', async () => {
  const { supervisor, part, shown, die, alive } = await supervise()
  await supervisor.start(part)
  expect(alive()).toMatchObject([{ pid: 1_000, restarts: 0 }])
  die()
  await vi.waitFor(() => expect(alive()).toMatchObject([{ pid: 1_001, restarts: 1 }]))
  expect(shown).toContain('part died (killed by SIGKILL): starting it again at once')
  await supervisor.stop()
})

test('behavior: one that dies again waits before the next try', async () => {
  const { supervisor, part, shown, die } = await supervise((attempt) => {
    if (attempt === 1) throw new Error('no luck')
  })
  await supervisor.start(part)
  die()
  await vi.waitFor(() => expect(shown).toContain('part died (no luck): starting it again in 1 s'))
  await supervisor.stop()
})

test('behavior: a part without a process is not listed', async () => {
  const { supervisor, part, die, alive } = await supervise((attempt) => {
    if (attempt > 0) throw new Error('no luck')
  })
  await supervisor.start(part)
  die()
  await vi.waitFor(() => expect(alive()).toEqual([]))
  await supervisor.stop()
})

test('behavior: apps stop before the servers they use, the database last', async () => {
  const { supervisor, createPart, stopped } = await supervise()
  for (const tier of ['database', 'server', 'app'] as const) await supervisor.start(createPart(tier, tier))
  await supervisor.stop()
  expect(stopped).toEqual(['app', 'server', 'database'])
})

test('behavior: what ends because of the stop is not started again', async () => {
  const { supervisor, part, shown } = await supervise()
  await supervisor.start(part)
  await supervisor.stop()
  expect(shown.filter((line) => line.includes('died'))).toEqual([])
})

test('error: a part that ends before it serves shows the end of its log', async () => {
  const { supervisor, part, logFile } = await supervise(async () => {
    await mkdir(dirname(logFile), { recursive: true })
    await appendFile(logFile, 'one\ntwo\n')
    throw new EndedEarly({ code: 3, signal: null })
  })
  await expect(supervisor.start(part)).rejects.toThrow(
    /part: ended before it was ready \(exit code 3\)[^]* \| two/,
  )
})
