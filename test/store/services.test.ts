import { afterEach, expect, test, vi } from 'vitest'

import type { ServiceReport } from '../../src/contracts/services.ts'
import { reportServices } from '../../src/services/service-reporter.ts'
import type { Database } from '../../src/store/database.ts'
import { createSharedServices, readServiceReports, storeServiceReports } from '../../src/store/services.ts'
import { openWorkerRegistry, type WorkerRegistry } from '../../src/store/worker-registry.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store
const shared = createSharedServices(database)
const opened: WorkerRegistry[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()))
})

async function openWorker(): Promise<WorkerRegistry> {
  const registry = await openWorkerRegistry(store.openPool(1), 'test', () => {})
  opened.push(registry)
  return registry
}

const report: ServiceReport = {
  name: 'chain:1',
  limit: null,
  slots: 24,
  active: 0,
  calls: 1,
  retries: 0,
  waits: 0,
  waitMs: 0,
  waiting: 0,
  errors: {},
  queue: [],
}

test('a burst goes at once, and the rest in its pace', async () => {
  const pace = { burst: 2, intervalMs: 60_000 }
  const turns = [await shared.take('paced', pace), await shared.take('paced', pace)]
  expect(turns).toMatchObject([
    { kind: 'go', ms: 0 },
    { kind: 'go', ms: 0 },
  ])
  const third = await shared.take('paced', pace)
  expect(third.kind).toBe('wait')
  expect(third.ms).toBeGreaterThan(50_000)
  expect(third.ms).toBeLessThanOrEqual(60_000)
})

test('behavior: a turn that comes soon is given out before it comes, once', async () => {
  const pace = { burst: 1, intervalMs: 900 }
  const turns = [
    await shared.take('soon', pace),
    await shared.take('soon', pace),
    await shared.take('soon', pace),
  ]
  expect(turns.map(({ kind }) => kind)).toEqual(['go', 'go', 'wait'])
})

test('a service that is held is asked by nobody, and then by one until it has answered', async () => {
  await shared.hold('held', 'limited', 60_000)
  expect(await shared.take('held', undefined)).toMatchObject({ kind: 'held', why: 'limited' })
  await database.rows('test_past', `update services set not_before = now() where name = 'held'`)
  expect(await shared.take('held', undefined)).toMatchObject({ kind: 'probe' })
  expect(await shared.take('held', undefined)).toMatchObject({ kind: 'probing' })
  await shared.endProbe('held')
  expect(await shared.take('held', undefined)).toMatchObject({ kind: 'probe' })
  await shared.release('held')
  expect(await shared.take('held', undefined)).toMatchObject({ kind: 'go' })
})

test('behavior: pauses grow while a service does not answer; failures that come together count once', async () => {
  const first = [await shared.hold('grows', 'down', 0), await shared.hold('grows', 'down', 0)]
  expect(Math.max(...first)).toBeLessThanOrEqual(500)
  const pauses: number[] = []
  for (let hold = 0; hold < 8; hold += 1) {
    await database.rows('test_over', `update services set not_before = now() where name = 'grows'`)
    pauses.push(Math.round(await shared.hold('grows', 'down', 0)))
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  await shared.release('grows')
  expect(await shared.hold('grows', 'down', 0)).toBeLessThanOrEqual(500)
})

test('reports are those of workers that live', async () => {
  const [one, other] = [await openWorker(), await openWorker()]
  await storeServiceReports(database, one.id, [report])
  await storeServiceReports(database, one.id, [{ ...report, calls: 2 }])
  await storeServiceReports(database, other.id, [report])
  expect((await readServiceReports(database)).reports).toMatchObject([[{ calls: 2 }], [{ calls: 1 }]])
  await other.close()
  await storeServiceReports(database, other.id, [report])
  expect((await readServiceReports(database)).reports).toMatchObject([[{ calls: 2 }]])
})

test('behavior: a worker stores its report when it has changed, and not otherwise', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const worker = await openWorker()
  const stores = vi.fn<(name: string) => void>()
  const watched: Database = {
    ...database,
    rows(name, text, values) {
      stores(name)
      return database.rows(name, text, values)
    },
  }
  let calls = 1
  const stop = reportServices({
    services: { reports: () => [{ ...report, calls }] },
    database: watched,
    workerId: worker.id,
    onProblem(error) {
      throw error
    },
  })
  const isStored = (count: number) => async () =>
    expect((await readServiceReports(database)).reports).toMatchObject([[{ calls: count }]])
  try {
    vi.advanceTimersByTime(2_000)
    await vi.waitFor(isStored(1), 5_000)
    vi.advanceTimersByTime(4_000)
    calls = 2
    vi.advanceTimersByTime(2_000)
    await vi.waitFor(isStored(2), 5_000)
    expect(stores.mock.calls).toEqual([['store_service_reports'], ['store_service_reports']])
  } finally {
    stop()
    vi.useRealTimers()
  }
})
