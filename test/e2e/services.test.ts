import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

import { alice } from '../../dev/fixture/fixture-accounts.ts'
import { createClient } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { localChain } from '../support/servers.ts'
import { serveCounted } from '../support/counted-service.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'
import { createPerdura } from '../terminal/run-perdura.ts'

const adminKey = 'the-key-of-the-operator'
let product: Product

beforeAll(async () => {
  product = await startProduct({
    workers: 2,
    env: { ...(await prebuiltBundle()), PERDURA_ADMIN_KEY: adminKey },
  })
}, 180_000)
afterAll(() => product.close())

const limited = (seconds: number) => ({ status: 429, headers: { 'retry-after': String(seconds) } })

test('ten conversations that need a service which wants a pause all end well, and each is told once', async () => {
  const client = await product.login()
  const keys = Array.from({ length: 10 }, (_, index) => `limited-${index}`)
  // Whoever asks first is refused; whoever probes after it is refused once more.
  const talks = await Promise.all(
    keys.map((key) => startTalk(product, client, key, [limited(3), limited(3), textOf('Done.')])),
  )
  const ends = await Promise.all(talks.map(({ following }) => following.untilTurns(1)))
  for (const { following } of talks) following.close()
  expect(ends.map((end) => end.type === 'turn.finished' && end.outcome)).toEqual(keys.map(() => 'success'))
  const notices = talks.map(({ following }) =>
    ofType(following.events, 'notice').filter(({ code }) => code === 'service_down'),
  )
  expect(Math.max(...notices.map(({ length }) => length))).toBe(1)
  const message = 'The service model:openai takes no more requests for a while. What needs it waits.'
  expect(notices.flat()[0]).toMatchObject({ level: 'warning', message })
})

test('Stop ends a turn that waits for a service, at once', async () => {
  const client = await product.login()
  const first = await startTalk(product, client, 'holds', [limited(20), textOf('Late.')])
  await first.following.until(({ type }) => type === 'notice')
  const waiting = await startTalk(product, client, 'waits', [textOf('Never.')])
  await waiting.following.until(({ type }) => type === 'notice')
  await Promise.all([client.cancelTurn(waiting.id), client.cancelTurn(first.id)])
  const ends = [await waiting.following.untilTurns(1), await first.following.untilTurns(1)]
  expect(ends).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'cancelled' }])
  expect(await product.model.requests('waits')).toEqual([])
  first.following.close()
  waiting.following.close()
})

test('operators see what is asked, by API and by command', async () => {
  const operator = createClient({ url: product.url, token: adminKey })
  await vi.waitFor(async () => {
    const { services } = await operator.listServices()
    const model = services.find(({ name }) => name === 'model:openai')
    expect(model?.workers).toBe(2)
    expect(model?.errors['model_rate_limited']).toBeGreaterThanOrEqual(2)
  }, 20_000)
  const folder = await mkdtemp(join(tmpdir(), 'perdura-services-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const perdura = createPerdura(product.url, folder)
  const { stdout, exitCode } = await perdura(['services'], { env: { PERDURA_ADMIN_KEY: adminKey } })
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^service +circuit .*\nchain:31337 +closed .*\nmodel:openai /)
  const asJson = await perdura(['services', '--json'], { env: { PERDURA_ADMIN_KEY: adminKey } })
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    services: [{ name: 'chain:31337' }, { name: 'model:openai' }],
  })
  expect(await perdura(['services'])).toMatchObject({ stdout: '', exitCode: 2 })
})

test('a limit of a chain counts the requests of all workers, each of a call that makes several', async () => {
  const { rpcUrl } = await localChain()
  const node = await serveCounted((response, _, body) => {
    fetch(rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      .then((answer) => answer.text())
      .then(
        (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
        () => response.destroy(),
      )
  })
  const own = await startProduct({
    workers: 2,
    env: {
      ...(await prebuiltBundle()),
      PERDURA_CHAINS: `31337=${node.url}`,
      PERDURA_SERVICE_LIMITS: 'chain:31337=10/s',
    },
  })
  onTestFinished(() => own.close())
  const client = await own.login()
  const [before, startMs] = [node.arrivals.length, performance.now()]
  const call = { name: 'account_info', arguments: { address: alice } }
  const talks = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      startTalk(own, client, `chain-${index}`, [callsOf(call, call), textOf('Done.')]),
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
  // One that had its turn before may still be under way; then one goes, and one each tenth of a second from then on.
  for (const [index, atMs] of arrivals.entries()) {
    expect(index + 1).toBeLessThanOrEqual(2 + (atMs - startMs) / 100)
  }
})
