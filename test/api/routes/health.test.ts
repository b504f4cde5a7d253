import { afterAll, expect, test, vi } from 'vitest'

import { createDatabase, temporalAddress } from '../../support/servers.ts'
import { useCheckedProduct } from '../checked-product.ts'
import { openCutter } from '../cutter.ts'

const own = new URL((await createDatabase()).url)
const database = await openCutter(own.host)
const temporal = await openCutter(await temporalAddress())
afterAll(() => Promise.all([database.close(), temporal.close()]))

own.host = database.address
const adminKey = 'the-key-of-the-operator'
const product = useCheckedProduct({
  workers: 0,
  databaseUrl: own.href,
  temporal: temporal.address,
  env: { PERDURA_ADMIN_KEY: adminKey },
})

test('default: the process lives and can work, for everybody', async () => {
  expect(await product().call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } })
  expect(await product().call('GET', '/readyz')).toMatchObject({
    status: 200,
    body: { status: 'ok', database: true, temporal: true, accepting: true },
  })
})

test('error: without Temporal it is not ready and says so, and posts can be repeated', async () => {
  const { token, client } = await product().guest()
  const { id } = await client.createConversation()
  const path = `/api/conversations/${id}`
  const unwanted = `/api/conversations/${(await client.createConversation()).id}`
  const body = { text: 'Hello', clientMessageId: 'one' }
  temporal.cut()
  try {
    expect(await product().call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', database: true, temporal: false },
    })
    const refused = await product().call('POST', `${path}/messages`, { token, body })
    expect(refused).toMatchObject({ status: 503, body: { code: 'temporal_unavailable' } })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await client.listEvents(id)).events).toEqual([])
    expect((await client.getProgress(id)).source).toBe('log')
    // Its content is gone at once; the rest is done by a repeat.
    expect(await product().call('DELETE', unwanted, { token })).toMatchObject({ status: 503 })
    expect(await product().call('GET', unwanted, { token })).toMatchObject({ status: 404 })
  } finally {
    temporal.mend()
  }
  await vi.waitFor(async () => expect((await product().call('GET', '/readyz')).status).toBe(200), 20_000)
  expect(await product().call('POST', `${path}/messages`, { token, body })).toMatchObject({ status: 200 })
  expect((await client.listEvents(id)).events).toMatchObject([{ type: 'user.message' }])
  expect((await product().call('DELETE', unwanted, { token })).status).toBe(204)
  expect((await product().call('DELETE', unwanted, { token })).status).toBe(404)
})

test('error: without PostgreSQL every route answers 503 with a problem, and works again after', async () => {
  const { token, client } = await product().guest()
  const { id } = await client.createConversation()
  const routes = product().contract.operations.filter(({ path }) => path.startsWith('/api/'))
  // The tokens of owners are asked of the database, the operator's key is not.
  const tokenFor = (path: string) => (path.startsWith('/api/admin/') ? adminKey : token)
  database.cut()
  try {
    for (const { method, path } of routes) {
      const query = path === '/api/admin/conversations' ? '?state=waiting' : ''
      const target = `${path.replace('{id}', id)}${query}`
      const answer = await product().call(method, target, { token: tokenFor(path) })
      expect([method, path, answer.status]).toEqual([method, path, 503])
      expect(answer.body).toMatchObject({ code: 'database_unavailable' })
      expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect((await product().call('GET', '/healthz')).status).toBe(200)
    expect(await product().call('GET', '/readyz')).toMatchObject({ status: 503, body: { database: false } })
  } finally {
    database.mend()
  }
  await vi.waitFor(async () => expect((await product().call('GET', '/readyz')).status).toBe(200), 20_000)
  expect((await client.getConversation(id)).conversation.id).toBe(id)
})
