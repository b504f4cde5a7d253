import { expect, test } from 'vitest'

import { withDatabase } from './with-database.ts'
import { useCheckedProduct } from './checked-product.ts'
import type { Operation } from './contract.ts'

// Without a key there are no routes for operators.
const product = useCheckedProduct({ workers: 0, env: { PERDURA_ADMIN_KEY: 'key-of-the-operator' } })

/** Routes that must answer without a token; everything else below /api must not. */
const openRoutes = ['POST /api/auth/guest']

function listGuarded(): Operation[] {
  return product().contract.operations.filter(
    ({ method, path }) => path.startsWith('/api/') && !openRoutes.includes(`${method} ${path}`),
  )
}

/** Sends the least that each route needs, so that only the token or the id can be wrong. */
async function callRoute({ method, path, requestBody }: Operation, id: string, token?: string) {
  return product().call(method, path.replace('{id}', id).replace('{messageId}', 'm_1'), {
    ...(token !== undefined && { token }),
    ...(requestBody?.required && { body: leastBodyOf(path) }),
    // Without this, the event routes would go on for ever.
    headers: { accept: 'application/json' },
  })
}

function leastBodyOf(path: string): object {
  if (path.includes('/messages')) return { text: 'Hello' }
  if (/\/(regenerate|fork)$/.test(path)) return { messageId: 'm_1' }
  return path.endsWith('/response') ? { decision: 'approve' } : {}
}

test('default: the document has routes of conversations, and all are guarded', () => {
  const { operations } = product().contract
  expect(listGuarded().length).toBeGreaterThan(12)
  expect(listGuarded().filter(({ security }) => security === undefined)).toEqual([])
  const open = operations.filter(({ security }) => security === undefined)
  expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /healthz',
    'GET /readyz',
    ...openRoutes,
  ])
})

test.for([
  ['no token', undefined],
  ['garbage', 'Bearer pdr_garbage'],
  ['an empty token', 'Bearer '],
  ['another scheme', 'Basic dXNlcjpwYXNz'],
])('error: %s is refused with 401 on every route', async ([, authorization]) => {
  for (const { method, path } of [...listGuarded(), { method: 'GET', path: '/api/nothing' }]) {
    const answer = await product().call(method, path.replace('{id}', 'c_1'), {
      headers: authorization === undefined ? {} : { authorization },
    })
    expect([method, path, answer.status]).toEqual([method, path, 401])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(answer.body).toMatchObject({ code: 'unauthorized' })
  }
})

test('error: an expired token is refused with 401 on every route', async () => {
  const { token, ownerId } = await product().guest()
  await withDatabase(product().databaseUrl, (database) =>
    database.query(`update login_tokens set expires_at = now() where owner_id = $1`, [ownerId]),
  )
  for (const operation of listGuarded()) {
    expect((await callRoute(operation, 'c_1', token)).status).toBe(401)
  }
})

test("error: somebody else's conversation is answered exactly like an unknown one on every route", async () => {
  const [alice, bob] = await Promise.all([product().guest(), product().guest()])
  const { id } = await alice.client.createConversation({ title: 'Private' })
  const unknown = 'c_00000000-0000-4000-8000-000000000000'
  const routes = listGuarded().filter(({ path }) => path.includes('{id}'))
  expect(routes.length).toBeGreaterThanOrEqual(7)
  for (const operation of routes) {
    const foreign = await callRoute(operation, id, bob.token)
    const missing = await callRoute(operation, unknown, bob.token)
    expect([operation.method, operation.path, foreign.status]).toEqual([
      operation.method,
      operation.path,
      404,
    ])
    expect(withoutIds(foreign, id)).toEqual(withoutIds(missing, unknown))
  }
  expect((await alice.client.getConversation(id)).conversation).toMatchObject({
    title: 'Private',
    lastSeq: 0,
  })
})

function withoutIds(
  { status, headers, text }: { status: number; headers: Headers; text: string },
  id: string,
) {
  const requestId = headers.get('x-request-id') ?? 'none'
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date', 'content-length'].includes(name))
  return { status, headers: kept, text: text.replaceAll(id, 'ID').replaceAll(requestId, 'REQUEST') }
}
