import { expect, onTestFinished, test } from 'vitest'

import { createClient } from '../../../src/client/create-client.ts'
import type { ServiceReport } from '../../../src/contracts/services.ts'
import { openDatabase } from '../../../src/store/database.ts'
import { createSharedServices, storeServiceReports } from '../../../src/store/services.ts'
import { openWorkerRegistry } from '../../../src/store/worker-registry.ts'
import { useCheckedProduct } from '../checked-product.ts'

const adminKey = 'the-key-of-the-operator'
const product = useCheckedProduct({ workers: 0, env: { PERDURA_ADMIN_KEY: adminKey } })
const path = '/api/admin/services'

const report: ServiceReport = {
  name: 'chain:1',
  limit: { requests: 25, periodMs: 1_000 },
  slots: 24,
  active: 2,
  calls: 10,
  retries: 1,
  waits: 3,
  waitMs: 500,
  waiting: 4,
  errors: { chain_unavailable: 2 },
  queue: [
    { owner: 'one', length: 3 },
    { owner: 'two', length: 1 },
  ],
}

/** A worker that has reported. */
async function openWorker(reports: readonly ServiceReport[]) {
  const database = openDatabase({
    url: product().databaseUrl,
    poolSize: 1,
    applicationName: 'test',
    onIdleError() {},
  })
  const registry = await openWorkerRegistry(database, 'test', () => {})
  onTestFinished(async () => {
    await registry.close()
    await database.close()
  })
  await storeServiceReports(database, registry.id, reports)
  return database
}

test('adds up what all workers have counted', async () => {
  await openWorker([report, { ...report, name: 'model:openai', limit: null, slots: null }])
  const database = await openWorker([
    { ...report, queue: [{ owner: 'two', length: 5 }], errors: { chain_rejected: 1 } },
  ])
  await createSharedServices(database).hold('chain:1', 'down', 60_000)
  const client = createClient({ url: product().url, token: adminKey, fetch: product().contract.fetch })
  const { services } = await client.listServices()
  expect(services).toEqual([
    {
      ...report,
      slots: 48,
      active: 4,
      calls: 20,
      retries: 2,
      waits: 6,
      waitMs: 1_000,
      waiting: 8,
      errors: { chain_unavailable: 2, chain_rejected: 1 },
      queue: [
        { owner: 'two', length: 6 },
        { owner: 'one', length: 3 },
      ],
      workers: 2,
      circuit: 'down',
      notBefore: expect.stringMatching(/^\d{4}-.*Z$/),
    },
    { ...report, name: 'model:openai', limit: null, slots: null, workers: 1, circuit: 'closed' },
  ])
})

test('behavior: workers that have ended are not told of', async () => {
  expect((await product().call('GET', path, { token: adminKey })).body).toEqual({ services: [] })
})

test.each([undefined, 'the-key-of-the-operatoR', 'x'])('error: %s is not the key', async (token) => {
  const answer = await product().call('GET', path, token === undefined ? {} : { token })
  expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
})

test('error: an owner has no right to it, and the key is nobody’s token', async () => {
  const { token } = await product().guest()
  expect((await product().call('GET', path, { token })).status).toBe(401)
  expect((await product().call('GET', '/api/conversations', { token: adminKey })).status).toBe(401)
})

test('error: without a key there are no such routes', async () => {
  const api = await product().startApi(0, { PERDURA_ADMIN_KEY: '' })
  const response = await fetch(`${api.url}${path}`, { headers: { authorization: 'Bearer ' } })
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({
    code: 'not_found',
    detail: expect.stringContaining('PERDURA_ADMIN_KEY'),
  })
})
