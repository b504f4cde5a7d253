import { expect, onTestFinished, test, vi } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { createExternalServices, type ExternalServices } from '../../src/services/external-services.ts'
import type { ExternalService } from '../../src/services/external-service.ts'
import { sendWithTries } from '../../src/services/send-with-tries.ts'
import type { ServiceCaller } from '../../src/services/service-caller.ts'
import type { ServiceLimit } from '../../src/ops/variables/outside.ts'
import { createSharedServices, listenForServices } from '../../src/store/services.ts'
import { type CountedService, serveCounted } from '../support/counted-service.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const never = new AbortController().signal
const patient: ServiceCaller = { owner: 'o', patience: { busyMs: 60_000, downMs: 60_000 } }
let count = 0

/** The services of one worker, each with a pool of its own. */
async function openWorker(limits: readonly ServiceLimit[] = [], failureLimit = 5): Promise<ExternalServices> {
  const database = store.openPool(2)
  const problems: unknown[] = []
  const services = createExternalServices({
    shared: createSharedServices(database),
    limits,
    failureLimit,
    onProblem: (error) => problems.push(error),
  })
  const close = await listenForServices(database, {
    onNews: (news) => services.take(news),
    onError: (error) => problems.push(error),
  })
  onTestFinished(async () => {
    await close()
    expect(problems).toEqual([])
  })
  return services
}

/** A service that no other test asks. */
function newName(): `chain:${number}` {
  count += 1
  return `chain:${count}`
}

function ask(
  service: ExternalService,
  double: CountedService,
  { caller = patient, signal = never }: { caller?: ServiceCaller; signal?: AbortSignal } = {},
): Promise<string> {
  const toError = (failure: unknown) =>
    failure instanceof AppError ? failure : new AppError('internal', String(failure))
  return sendWithTries({ service, caller, signal, send: () => double.ask(signal), toError })
}

const times = <T>(length: number, make: () => T): T[] => Array.from({ length }, make)

test('a service without a limit that works is asked at once, and nothing is told to PostgreSQL', async () => {
  const name = newName()
  const double = await serveCounted((response) => response.end('hello'))
  const service = (await openWorker()).get(name)
  await expect(Promise.all(times(5, () => ask(service, double)))).resolves.toHaveLength(5)
  expect(service.report()).toMatchObject({ calls: 5, retries: 0, waits: 0, active: 0, errors: {} })
  const rows = await store.database.rows('test_service', 'select 1 from services where name = $1', [name])
  expect(rows).toEqual([])
})

test('two workers keep one limit together', async () => {
  const name = newName()
  const double = await serveCounted((response) => response.end('hello'))
  const limits = [{ name, limit: { requests: 20, periodMs: 1_000 } }]
  const [one, other] = [await openWorker(limits), await openWorker(limits)]
  const startMs = performance.now()
  await Promise.all(times(15, () => [ask(one.get(name), double), ask(other.get(name), double)]).flat())
  expect(double.arrivals).toHaveLength(30)
  // Two may go at once, and one each 1,000 / 19 ms from then on; none can arrive before it was sent.
  for (const [index, atMs] of double.arrivals.entries()) {
    expect(index + 1).toBeLessThanOrEqual(2 + (atMs - startMs) / (1_000 / 19) + 0.001)
  }
  expect(one.get(name).report().calls).toBe(15)
  expect(one.get(name).report().waits).toBeGreaterThan(0)
})

test('no more requests are under way than there are slots, and owners take turns', async () => {
  const name = newName()
  const held: (() => void)[] = []
  const double = await serveCounted((response) => void held.push(() => response.end('hello')))
  const service = (await openWorker([{ name, slots: 2 }])).get(name)
  const started: string[] = []
  const asking = ['a', 'a', 'a', 'a', 'b'].map(async (owner) => {
    const admission = await service.admit({ ...patient, owner }, never)
    started.push(owner)
    await double.ask().finally(() => admission.leave())
  })
  for (let done = 0; done < asking.length; done += 1) {
    await vi.waitFor(() => expect(held.length).toBeGreaterThan(0), 5_000)
    held.shift()?.()
  }
  await Promise.all(asking)
  expect(double.most).toBeLessThanOrEqual(2)
  expect(started.indexOf('b')).toBeLessThan(3)
})

test('Retry-After holds back all workers, and one asks before the others follow', async () => {
  const name = newName()
  const double = await serveCounted((response, number) => {
    if (number === 1) response.writeHead(429, { 'retry-after': '1' }).end()
    else response.end('hello')
  })
  const [one, other] = [(await openWorker()).get(name), (await openWorker()).get(name)]
  const first = ask(one, double)
  await vi.waitFor(() => expect(other.circuit).toBe('limited'), 5_000)
  const rest = times(4, () => ask(other, double))
  await Promise.all([first, ...rest])
  const [refusedMs = 0, probedMs = 0] = double.arrivals
  expect(probedMs - refusedMs).toBeGreaterThanOrEqual(1_000)
  expect(double.arrivals).toHaveLength(6)
  expect([one.circuit, other.circuit]).toEqual(['closed', 'closed'])
  expect(one.report()).toMatchObject({ errors: { chain_rate_limited: 1 }, retries: 1 })
})

test('ten callers end well although the service wants to be left alone for a while', async () => {
  const name = newName()
  const endMs = performance.now() + 4_000
  const double = await serveCounted((response) => {
    if (performance.now() < endMs) response.writeHead(429).end()
    else response.end('hello')
  })
  const [one, other] = [(await openWorker()).get(name), (await openWorker()).get(name)]
  const asking = times(5, () => [ask(one, double), ask(other, double)]).flat()
  await expect(Promise.all(asking)).resolves.toEqual(times(10, () => 'hello'))
  // The first ones together, then one each time that a growing pause has passed.
  const refused = double.arrivals.filter((atMs) => atMs < endMs)
  expect(refused.length).toBeLessThanOrEqual(10 + 4)
})

test('behavior: a service that fails again and again is left alone, and used again when a probe succeeds', async () => {
  const name = newName()
  let works = false
  const double = await serveCounted((response) => (works ? response.end('hello') : response.destroy()))
  const service = (await openWorker([], 3)).get(name)
  const fail = () => {
    throw new AppError('chain_unavailable', 'The RPC cannot be reached.')
  }
  const hurried = { ...patient, patience: { busyMs: 60_000, downMs: 0 } }
  const failing = sendWithTries({
    service,
    caller: patient,
    signal: never,
    send: () => double.ask().catch(fail),
    toError: (failure) => (failure instanceof AppError ? failure : new AppError('internal', '')),
  })
  await expect(failing).rejects.toMatchObject({ code: 'chain_unavailable', details: { tries: 3 } })
  expect(double.arrivals).toHaveLength(3)
  expect(service.circuit).toBe('down')
  await expect(ask(service, double, { caller: hurried })).rejects.toMatchObject({
    code: 'chain_unavailable',
    details: { circuit: 'open' },
  })
  expect(double.arrivals).toHaveLength(3)
  works = true
  await expect(ask(service, double)).resolves.toBe('hello')
  expect(service.circuit).toBe('closed')
})

test('behavior: a Stop ends the wait for a turn, and those behind go on', async () => {
  const name = newName()
  const double = await serveCounted((response) => response.end('hello'))
  const service = (await openWorker([{ name, limit: { requests: 1, periodMs: 3_600_000 } }])).get(name)
  await ask(service, double)
  const stop = new AbortController()
  const waiting = ask(service, double, { signal: stop.signal })
  await vi.waitFor(() => expect(service.report().waiting).toBe(1), 5_000)
  expect(service.report().queue).toEqual([{ owner: 'o', length: 1 }])
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  expect(service.report().waiting).toBe(0)
  expect(double.arrivals).toHaveLength(1)
})

test('behavior: a probe that is stopped leaves the next one to ask', async () => {
  const name = newName()
  const double = await serveCounted((response, number) => {
    if (number === 1) response.writeHead(429, { 'retry-after': '0' }).end()
    // The probe hangs.
    if (number > 2) response.end('hello')
  })
  const service = (await openWorker()).get(name)
  const stop = new AbortController()
  const probing = ask(service, double, { signal: stop.signal })
  await vi.waitFor(() => expect(double.arrivals).toHaveLength(2), 5_000)
  const next = ask(service, double)
  stop.abort(new Error('stopped'))
  await expect(probing).rejects.toThrow('stopped')
  await expect(next).resolves.toBe('hello')
  expect(service.circuit).toBe('closed')
})

test('behavior: who waits is told why, and its clock stands still', async () => {
  const name = newName()
  const double = await serveCounted((response, number) => {
    if (number === 1) response.writeHead(429, { 'retry-after': '2' }).end()
    else response.end('hello')
  })
  const service = (await openWorker()).get(name)
  const told: unknown[] = []
  let clock = 'runs'
  const caller: ServiceCaller = {
    ...patient,
    onHeld: ({ service: held, why }) => told.push([held, why]),
    onWait() {
      clock = 'stands'
      return () => {
        clock = 'runs'
      }
    },
  }
  const asking = ask(service, double, { caller })
  await vi.waitFor(() => expect(clock).toBe('stands'), 5_000)
  expect(told).toContainEqual([name, 'limited'])
  await asking
  expect(clock).toBe('runs')
})

test('error: who has no patience for a long pause gets told how long it is', async () => {
  const name = newName()
  const double = await serveCounted((response) => response.writeHead(429, { 'retry-after': '60' }).end())
  const service = (await openWorker()).get(name)
  const caller = { ...patient, patience: { busyMs: 5_000, downMs: 1_000 } }
  const refusal = await ask(service, double, { caller }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({
    code: 'service_busy',
    details: { service: name },
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000),
  })
  expect(double.arrivals).toHaveLength(1)
})

test('error: what the service refuses as such is not repeated, and says that it works', async () => {
  const name = newName()
  const service = (await openWorker([], 1)).get(name)
  let asked = 0
  const refusing = sendWithTries({
    service,
    caller: patient,
    signal: never,
    send: async () => {
      asked += 1
      throw new AppError('chain_rejected', 'reverted')
    },
    toError: () => new AppError('chain_rejected', 'reverted'),
  })
  await expect(refusing).rejects.toMatchObject({ code: 'chain_rejected' })
  expect([asked, service.circuit]).toEqual([1, 'closed'])
})
