import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { WorkerRegistry } from '../../src/store/worker-registry.ts'
import { ActivityJournal } from '../../src/worker/activity-journal.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

type Written = { started: string[]; ended: string[] }

/** A journal whose registry is the test's own. */
function openJournal(record: (written: Written) => Promise<void> = async () => {}) {
  const writes: Written[] = []
  const errors: unknown[] = []
  const registry: WorkerRegistry = {
    id: 1,
    async record(started, ended) {
      const written = {
        started: started.map(({ taskToken }) => nameOf(taskToken)),
        ended: ended.map(nameOf),
      }
      writes.push(written)
      await record(written)
    },
    takeLost: async () => [],
    close: async () => {},
  }
  const journal = new ActivityJournal(registry, (error) => errors.push(error))

  /** Runs an activity through the journal; it ends when the returned function is called. */
  function begin(name: string): () => Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const environment = new MockActivityEnvironment(
      { taskToken: Buffer.from(name) },
      { interceptors: [journal.interceptor] },
    )
    const running = environment.run(() => promise)
    return async () => {
      resolve()
      await running
    }
  }
  return { journal, writes, errors, begin }
}

function nameOf(taskToken: Uint8Array): string {
  return Buffer.from(taskToken).toString()
}

test('records a task that runs, and forgets it when it ends', async () => {
  const { writes, begin } = openJournal()
  const end = begin('a')
  await vi.advanceTimersByTimeAsync(30)
  expect(writes).toEqual([{ started: ['a'], ended: [] }])
  await end()
  await vi.advanceTimersByTimeAsync(30)
  expect(writes[1]).toEqual({ started: [], ended: ['a'] })
})

test('behavior: a task that ends within a pause costs nothing', async () => {
  const { writes, begin } = openJournal()
  await begin('a')()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(writes).toEqual([])
})

test('behavior: tasks that start together are written together', async () => {
  const { writes, begin } = openJournal()
  const ends = ['a', 'b', 'c'].map(begin)
  await vi.advanceTimersByTimeAsync(30)
  await Promise.all(ends.map((end) => end()))
  await vi.advanceTimersByTimeAsync(30)
  expect(writes).toEqual([
    { started: ['a', 'b', 'c'], ended: [] },
    { started: [], ended: ['a', 'b', 'c'] },
  ])
})

test('behavior: a task that ends while its start is being written is forgotten after it', async () => {
  const gate = Promise.withResolvers<void>()
  const { writes, begin } = openJournal(() => gate.promise)
  const end = begin('a')
  await vi.advanceTimersByTimeAsync(30)
  await end()
  await vi.advanceTimersByTimeAsync(100)
  expect(writes).toHaveLength(1)
  gate.resolve()
  await vi.advanceTimersByTimeAsync(30)
  expect(writes[1]).toEqual({ started: [], ended: ['a'] })
})

test('behavior: what is not written yet is written at the close', async () => {
  const gate = Promise.withResolvers<void>()
  const { journal, writes, begin } = openJournal(() => gate.promise)
  const end = begin('a')
  await vi.advanceTimersByTimeAsync(30)
  begin('b')
  await end()
  const closing = journal.close()
  gate.resolve()
  await closing
  expect(writes).toEqual([
    { started: ['a'], ended: [] },
    { started: ['b'], ended: ['a'] },
  ])
})

test('error: an end that could not be written is written later, without haste', async () => {
  let broken = false
  const { writes, errors, begin } = openJournal(async () => {
    if (broken) throw new Error('The database is away.')
  })
  const end = begin('a')
  await vi.advanceTimersByTimeAsync(30)
  broken = true
  await end()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.length).toBeLessThan(10)
  broken = false
  await vi.advanceTimersByTimeAsync(2_000)
  expect(writes.at(-1)).toEqual({ started: [], ended: ['a'] })
})
