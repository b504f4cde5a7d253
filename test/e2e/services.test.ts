import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

import { alice } from '../../dev/fixture/fixture-accounts.ts'
import { type Client, createClient } from '../../src/client/create-client.ts'
import { type AskedRequest, type CountedService, passOn, serveCounted } from '../support/counted-service.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { localChain } from '../support/servers.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'
import { createPerdura } from '../terminal/run-perdura.ts'

const adminKey = 'the-key-of-the-operator'
/** How a service answers for now. */
type Mood = 'works' | 'limited' | 'paused' | 'fails'

let product: Product
let client: Client
let model: CountedService
let modelMood: Mood = 'works'
/** How long it refuses while it is limited, from the first request on. */
const refusalMs = 60_000
let limitedSinceMs: number | undefined
let node: CountedService
let nodeMood: Mood = 'works'
let prices: CountedService
const asked: AskedRequest[] = []
const closers: (() => void)[] = []
const atEnd = (close: () => void): void => void closers.push(close)

beforeAll(async () => {
  const { rpcUrl } = await localChain()
  let scripted = ''
  model = await serveCounted((response, _, { path, body }) => {
    if (modelMood === 'limited') {
      limitedSinceMs ??= performance.now()
      if (performance.now() - limitedSinceMs < refusalMs) {
        response.writeHead(429).end()
        return
      }
      modelMood = 'works'
    }
    if (modelMood === 'paused') response.writeHead(429, { 'retry-after': '8' }).end()
    else void passOn(response, `${scripted}${path}`, body)
  }, atEnd)
  node = await serveCounted((response, _, { body }) => {
    if (nodeMood === 'fails') response.writeHead(500).end()
    else void passOn(response, rpcUrl, body)
  }, atEnd)
  prices = await serveCounted((response, number, request) => {
    asked.push(request)
    if (number === 1) response.writeHead(500).end()
    else response.end('1.5')
  }, atEnd)
  product = await startProduct({
    workers: 2,
    env: {
      ...(await prebuiltBundle()),
      OPENAI_BASE_URL: `${model.url}/v1`,
      PERDURA_CHAINS: `31337=${node.url}`,
      PERDURA_SERVICES: `prices=${prices.url}/v3`,
      PERDURA_SERVICE_HEADERS: 'prices=x-api-key: the-key',
      PERDURA_SERVICE_LIMITS: 'chain:31337=10/s;http:prices=10/s',
      PERDURA_ADMIN_KEY: adminKey,
    },
  })
  scripted = product.model.baseUrl.replace(/\/v1$/, '')
  client = await product.login()
}, 180_000)
afterAll(async () => {
  await product.close()
  for (const close of closers) close()
})

const accountCall = { name: 'account_info', arguments: { address: alice } }

/** The notices of a service that were told to a conversation. */
function listDown(events: Parameters<typeof ofType>[0]) {
  return ofType(events, 'notice').filter(({ code }) => code === 'service_down')
}

test('ten conversations that need a service which refuses for a minute all end well, and each is told once', async () => {
  modelMood = 'limited'
  const talks = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      startTalk(product, client, `limited-${index}`, [textOf('Done.')]),
    ),
  )
  const ends = await Promise.all(talks.map(({ following }) => following.untilTurns(1)))
  for (const { following } of talks) following.close()
  expect(ends).toMatchObject(talks.map(() => ({ type: 'turn.finished', outcome: 'success' })))
  expect(talks.map(({ following }) => listDown(following.events).length)).toEqual(talks.map(() => 1))
  const message = 'The service model:openai takes no more requests for a while. What needs it waits.'
  expect(listDown(talks[0]?.following.events ?? [])).toMatchObject([{ level: 'warning', message }])
  const sinceMs = limitedSinceMs ?? 0
  expect(limitedSinceMs).toBeDefined()
  const refused = model.arrivals.filter((atMs) => atMs - sinceMs < refusalMs)
  // Together at first, then one at a time with pauses that grow: had each asked each second, it would have been 600.
  expect(refused.length).toBeGreaterThan(1)
  expect(refused.length).toBeLessThanOrEqual(10 + 15)
}, 240_000)

test('Stop ends a turn that waits for a service, and nothing is asked for it', async () => {
  modelMood = 'paused'
  const before = model.arrivals.length
  const first = await startTalk(product, client, 'holds', [textOf('Late.')])
  await first.following.until(({ type }) => type === 'notice')
  modelMood = 'works'
  const waiting = await startTalk(product, client, 'waits', [textOf('Never.')])
  await waiting.following.until(({ type }) => type === 'notice')
  await Promise.all([client.cancelTurn(waiting.id), client.cancelTurn(first.id)])
  const ends = [await waiting.following.untilTurns(1), await first.following.untilTurns(1)]
  expect(ends).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'cancelled' }])
  expect(model.arrivals.length - before).toBe(1)
  first.following.close()
  waiting.following.close()
  const next = await startTalk(product, client, 'next', [textOf('Done.')])
  expect(await next.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  next.following.close()
})

test('a limit of a chain counts the requests of all workers, each of a call that makes several', async () => {
  const [before, startMs] = [node.arrivals.length, performance.now()]
  const talks = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      startTalk(product, client, `chain-${index}`, [callsOf(accountCall, accountCall), textOf('Done.')]),
    ),
  )
  await Promise.all(talks.map(({ following }) => following.untilTurns(1)))
  for (const { following } of talks) {
    following.close()
    expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok'])
  }
  const arrivals = node.arrivals.slice(before)
  // Four for each of eight calls.
  expect(arrivals.length).toBeGreaterThanOrEqual(32)
  expectTenASecond(arrivals, startMs)
})

/** One that had its turn before may still be under way; then one goes, and one each tenth of a second from then on. */
function expectTenASecond(arrivals: readonly number[], startMs: number): void {
  for (const [index, atMs] of arrivals.entries()) {
    expect(index + 1).toBeLessThanOrEqual(2 + (atMs - startMs) / 100)
  }
}

test('a service of the operator is asked under its name, within its limit, with the key that tools do not see', async () => {
  const startMs = performance.now()
  const quote = { name: 'quote', arguments: { symbol: 'ETH' } }
  const talks = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      startTalk(product, client, `quote-${index}`, [callsOf(quote, quote, quote), textOf('Done.')]),
    ),
  )
  await Promise.all(talks.map(({ following }) => following.untilTurns(1)))
  for (const { following } of talks) {
    following.close()
    expect(ofType(following.events, 'tool.completed').map(({ output }) => output)).toEqual(
      Array.from({ length: 3 }, () => ({ status: 200, text: '1.5' })),
    )
  }
  // The first one failed, and was repeated.
  expect(asked).toHaveLength(13)
  for (const { method, path, headers } of asked) {
    expect([method, path, headers['x-api-key']]).toEqual(['GET', '/v3/quotes/ETH?in=usd', 'the-key'])
  }
  expectTenASecond(prices.arrivals, startMs)
})

test('a chain that fails is asked three times for a call, and the tool is not run again', async () => {
  nodeMood = 'fails'
  const before = node.arrivals.length
  const { following } = await startTalk(product, client, 'fails', [callsOf(accountCall), textOf('Done.')])
  const end = await following.untilTurns(1)
  following.close()
  nodeMood = 'works'
  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'tool.completed')).toMatchObject([
    { status: 'error', error: { code: 'chain_unavailable', retryable: true } },
  ])
  // Twice as often when its moment beside the model was over before; had the tool been run again, it would be nine.
  const asked = node.arrivals.length - before
  expect([3, 4, 5, 6]).toContain(asked)
})

test('operators see what is asked, by API and by command', async () => {
  const operator = createClient({ url: product.url, token: adminKey })
  await vi.waitFor(async () => {
    const { services } = await operator.listServices()
    expect(services).toMatchObject([
      {
        name: 'chain:31337',
        limit: { requests: 10, periodMs: 1_000 },
        slots: 48,
        circuit: 'closed',
        workers: 2,
      },
      { name: 'http:prices', limit: { requests: 10, periodMs: 1_000 }, slots: 48, calls: 13, retries: 1 },
      {
        name: 'model:openai',
        limit: null,
        slots: null,
        active: 0,
        waiting: 0,
        circuit: 'closed',
        workers: 2,
      },
    ])
    const [chain, , models] = services
    expect(chain?.errors['chain_unavailable']).toBeGreaterThanOrEqual(3)
    expect(chain?.retries).toBeGreaterThanOrEqual(2)
    expect(chain?.waits).toBeGreaterThan(20)
    expect(models?.errors['model_rate_limited']).toBeGreaterThan(1)
  }, 20_000)
  const folder = await mkdtemp(join(tmpdir(), 'perdura-services-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const perdura = createPerdura(product.url, folder)
  const env = { PERDURA_ADMIN_KEY: adminKey }
  const { stdout, exitCode } = await perdura(['services'], { env })
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    /^service +circuit .*\nchain:31337 +closed .*\nhttp:prices +closed .*\nmodel:openai /,
  )
  const asJson = await perdura(['services', '--json'], { env })
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    services: [{ name: 'chain:31337' }, { name: 'http:prices' }, { name: 'model:openai' }],
  })
  expect(await perdura(['services'])).toMatchObject({ stdout: '', exitCode: 2 })
})
