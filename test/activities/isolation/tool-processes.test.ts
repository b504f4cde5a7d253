import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Interruption } from '../../../src/activities/activity-scope.ts'
import { openToolProcesses, type ToolProcesses } from '../../../src/activities/isolation/tool-processes.ts'
import type { ToolServices } from '../../../src/toolkit/tool-services.ts'
import { isAlive, listChildren, listsChildren } from '../../support/child-processes.ts'

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'isolated', 'tools')
const fileOf = (name: string) => join(folder, `${name}.ts`)

let processes: ToolProcesses
beforeAll(() => {
  processes = openToolProcesses({ memoryLimitMb: 64, env: { SEEN: 'yes' } })
})
afterAll(() => processes.close())
vi.setConfig({ testTimeout: 60_000 })
const patience = { timeout: 20_000 }

const services: ToolServices = {
  chain: () => {
    throw new Error('No chain is asked for.')
  },
  compiler: () => {
    throw new Error('No compiler is asked for.')
  },
  now: () => new Date(),
  results: {
    read: () => Promise.reject(new Error('No result is asked for.')),
    find: () => Promise.reject(new Error('No result is asked for.')),
  },
  http: () => ({ request: async ({ path }) => ({ status: 200, contentType: 'text/plain', text: path }) }),
  memory: { search: async () => [] },
}

/** One call, what it has said, and the ways to end it. */
function call(name: string, input: unknown, pool = processes) {
  const controller = new AbortController()
  let interruption: Interruption | undefined
  const begun = Promise.withResolvers<void>()
  const progress = vi.fn<(stage: string, fraction?: number, message?: string) => void>()
  const log = vi.fn<(message: string, fields?: Record<string, unknown>) => void>()
  const onReturned = vi.fn<() => void>()
  const output = pool.run({
    file: fileOf(name),
    input,
    context: {
      signal: controller.signal,
      progress,
      log,
      services,
      owner: 'owner-1',
      wallet: '0x01',
      chainId: 31337,
      conversationId: 'conversation-1',
      callId: 'call-1',
      idempotencyKey: 'call-1',
    },
    defaultChainId: 1,
    interruption: () => interruption,
    onBegun: begun.resolve,
    onReturned,
  })
  return {
    output,
    async json() {
      const { utf8 } = await output
      return JSON.parse(utf8.toString())
    },
    begun: begun.promise,
    progress,
    log,
    onReturned,
    interrupt(why: Interruption) {
      interruption = why
      controller.abort(new Error(`interrupted: ${why}`))
    },
  }
}

test('runs a tool in another process, with its context and no environment but what is named', async () => {
  const called = call('behave', {})
  const { pid, env, facts } = await called.json()
  expect(pid).not.toBe(process.pid)
  expect(env).toEqual(['SEEN'])
  expect(facts).toEqual({
    owner: 'owner-1',
    wallet: '0x01',
    chainId: 31337,
    conversationId: 'conversation-1',
    callId: 'call-1',
    idempotencyKey: 'call-1',
  })
  expect(called.progress.mock.calls).toEqual([['at work', 0.5, 'half way']])
  expect(called.log.mock.calls).toEqual([
    ['at work', { pid }],
    ['written to the console', { line: 'hello console' }],
  ])
  expect(called.onReturned).toHaveBeenCalledOnce()
})

test('one process runs one call after the other, and several at once', async () => {
  await vi.waitFor(async () => expect((await call('behave', {}).json()).runs).toBeGreaterThan(1), patience)
  const both = await Promise.all([
    call('behave', { waitMs: 50 }).json(),
    call('behave', { waitMs: 50 }).json(),
  ])
  expect(new Set(both.map(({ pid }) => pid)).size).toBe(2)
})

test('behavior: processes begin one after the other, and one that never begins holds nobody up for long', async () => {
  const own = openToolProcesses({ memoryLimitMb: 64, env: {} })
  const stuck = call('../never-loads', {}, own)
  const others = await Promise.all([1, 2, 3].map(() => call('behave', { waitMs: 1_000 }, own).json()))
  expect(new Set(others.map(({ pid }) => pid)).size).toBe(3)
  stuck.interrupt('stopped')
  await expect(stuck.output).rejects.toThrow('interrupted: stopped')
  await own.close()
})

test('behavior: one that waits to begin can be stopped', async () => {
  const own = openToolProcesses({ memoryLimitMb: 64, env: {} })
  const [first, second] = [call('../never-loads', {}, own), call('../never-loads', {}, own)]
  second.interrupt('stopped')
  await expect(second.output).rejects.toThrow('interrupted: stopped')
  first.interrupt('stopped')
  await expect(first.output).rejects.toThrow('interrupted: stopped')
  await own.close()
})

test('behavior: an output of 16 MiB passes', async () => {
  const sizeBytes = 16 * 1024 * 1024
  const own = openToolProcesses({ memoryLimitMb: 256, env: {} })
  const { utf8, totalChars } = await call('behave', { sizeBytes }, own).output
  expect([utf8.length, totalChars]).toEqual([sizeBytes, sizeBytes])
  expect(JSON.parse(utf8.toString())).toMatchObject({ mark: 'bulk' })
  await own.close()
})

test.for(['timer', 'throw', 'rejection'])(
  'behavior: what a tool leaves behind (%s) reaches no other call',
  async (leaves) => {
    const { pid } = await call('behave', { leaves }).json()
    const others = await Promise.all([1, 2, 3].map(() => call('behave', { waitMs: 20 }).json()))
    expect(others.map((other) => other.pid)).not.toContain(pid)
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), patience)
  },
)

const crashes: [how: string, kind: string, message: RegExp][] = [
  ['exit', 'exited', /ended its own process, with exit code 0/],
  ['exitWithCode', 'exited', /exit code 7/],
  ['disconnect', 'exited', /ended its own process/],
  ['throwLater', 'thrown', /outside of its call/],
  ['throwTextLater', 'thrown', /outside of its call/],
  ['rejectLater', 'thrown', /outside of its call/],
  ['segfault', 'signal', /SIGSEGV/],
  ['eatHeap', 'memory', /more than the 64 MB/],
  ['eatBuffers', 'memory', /more than the 64 MB/],
]

test.for(crashes)('error: %s is a crash of the tool (%s)', async ([how, kind, message]) => {
  const beside = call('behave', { waitMs: 200 })
  const called = call('misbehave', { how })
  await expect(called.output).rejects.toMatchObject({
    name: 'ToolCrash',
    kind,
    message: expect.stringMatching(message),
  })
  expect(called.onReturned).not.toHaveBeenCalled()
  await beside.output
})

test('error: what was thrown is kept for the log', async () => {
  await expect(call('misbehave', { how: 'throwLater' }).output).rejects.toMatchObject({
    cause: { name: 'Error', message: 'nobody catches this', stack: expect.stringContaining('misbehave.ts') },
  })
})

test.for(['spin', 'spinInMicrotasks'])(
  'error: a tool that does not give the processor back has crashed at the end of its time (%s)',
  async (how) => {
    const called = call('dawdle', { how })
    await called.begun
    called.interrupt('timeout')
    await expect(called.output).rejects.toMatchObject({ name: 'ToolCrash', kind: 'spun' })
  },
)

test('error: one that only takes long is interrupted', async () => {
  const called = call('dawdle', { how: 'takeLong' })
  await called.begun
  called.interrupt('timeout')
  await expect(called.output).rejects.toThrow('interrupted: timeout')
})

test.for(['spin', 'takeLong', 'spinAfterHearing'])(
  'behavior: Stop ends a call at once, and kills what does not obey (%s)',
  async (how) => {
    const called = call('dawdle', { how })
    await vi.waitFor(() => expect(called.progress).toHaveBeenCalled(), patience)
    const pid = Number(called.progress.mock.lastCall?.[2])
    called.interrupt('stopped')
    await expect(called.output).rejects.toThrow('interrupted: stopped')
    expect(isAlive(pid)).toBe(true)
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), patience)
  },
)

test('behavior: a process whose tool obeys Stop is used again', async () => {
  const own = openToolProcesses({ memoryLimitMb: 64, env: {} })
  const called = call('behave', { waitMs: 60_000 }, own)
  await vi.waitFor(() => expect(called.log).toHaveBeenCalled(), patience)
  const [, { pid } = {}] = called.log.mock.calls[0] ?? []
  called.interrupt('stopped')
  await expect(called.output).rejects.toThrow('interrupted: stopped')
  // It rests while another one is started; then both are there.
  await call('behave', {}, own).output
  const both = await Promise.all([1, 2].map(() => call('behave', { waitMs: 20 }, own).json()))
  expect(both.map((other) => other.pid)).toContain(pid)
  await own.close()
})

const failures: [how: string, error: object][] = [
  ['throwError', { name: 'Error', message: 'a careless library' }],
  ['throwNothing', { name: 'Thrown', message: 'undefined' }],
  ['throwHostile', { name: 'Thrown' }],
  ['throwFrozen', { name: 'Thrown' }],
  ['recurse', { name: 'RangeError' }],
  ['rejectInput', { name: 'AppError', code: 'tool_input_invalid', details: { field: 'how' } }],
  ['unavailable', { code: 'chain_unavailable', retryAfterMs: 1 }],
  ['returnNothing', { code: 'tool_output_invalid' }],
  ['returnOther', { code: 'tool_output_invalid' }],
  ['returnBigint', { code: 'tool_output_invalid' }],
  ['returnCircle', { code: 'tool_output_invalid' }],
  ['returnThrower', { code: 'tool_output_invalid' }],
  ['returnMuch', { code: 'result_too_large' }],
]

test.for(failures)('error: %s is an error of the tool, and its process goes on', async ([how, error]) => {
  await expect(call('misbehave', { how }).output).rejects.toMatchObject(error)
})

test('error: what a tool writes to the channel itself is not taken on trust', async () => {
  await expect(call('misbehave', { how: 'forgeMessages' }).output).rejects.toThrow('did not say')
})

test('error: a closed pool hands its calls over', async () => {
  const own = openToolProcesses({ memoryLimitMb: 64, env: {} })
  const called = call('dawdle', { how: 'spin' }, own)
  await called.begun
  const closed = own.close()
  await expect(called.output).rejects.toMatchObject({ code: 'shutting_down' })
  await closed
})

test.runIf(listsChildren)(
  'behavior: no process outlives a killed worker, whatever its tool does',
  async () => {
    const probe = new URL('spin-probe.ts', import.meta.url)
    const worker = fork(probe, [fileOf('dawdle')], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await once(worker, 'message')
    const pids = await listChildren(worker.pid ?? 0)
    worker.kill('SIGKILL')
    expect(pids).toHaveLength(2)
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), patience)
  },
)
