import { expect, test } from 'vitest'

import { copiesPerMinute } from '../../../src/contracts/limits.ts'
import { type Answer, type Guest, useCheckedProduct } from '../checked-product.ts'
import { withDatabase } from '../with-database.ts'

const requestsPerMinute = 60
const product = useCheckedProduct({
  workers: 0,
  env: {
    PERDURA_REQUESTS_PER_MINUTE: String(requestsPerMinute),
    PERDURA_OPEN_TURN_LIMIT: '2',
    PERDURA_GUEST_CONVERSATION_LIMIT: '3',
  },
})

function expectRefused(answer: Answer, code: string): void {
  expect(answer).toMatchObject({ status: 429, body: { code, status: 429 } })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
}

const ask = ({ token }: Guest) => product().call('GET', '/api/auth/me', { token })

test('error: more requests than an owner may make in a minute, whichever process they come to', async () => {
  const [guest, other] = [await product().guest(), await product().guest()]
  const most = await Promise.all(Array.from({ length: requestsPerMinute - 1 }, () => ask(guest)))
  expect(most.map(({ status }) => status)).toEqual(most.map(() => 200))
  // However long the next steps take, they are in the same minute.
  await withDatabase(product().databaseUrl, (database) =>
    database.query('update rate_limits set expire = expire + 3600000 where key like $1', [
      `%${guest.ownerId}`,
    ]),
  )
  // A process that has just started knows what was counted before.
  await product().api.kill('SIGKILL')
  await product().restartApi()
  expect((await ask(guest)).status).toBe(200)
  expectRefused(await ask(guest), 'too_many_requests')
  expectRefused(await product().call('GET', '/api/events', { token: guest.token }), 'too_many_requests')
  expect((await ask(other)).status).toBe(200)
  expect((await product().call('GET', '/healthz')).status).toBe(200)
})

test('behavior: one who is over the limit costs the database no counting', async () => {
  const guest = await product().guest()
  for (let index = 0; index <= requestsPerMinute; index++) await ask(guest)
  const readPoints = () =>
    withDatabase(product().databaseUrl, async (database) => {
      const { rows } = await database.query('select points from rate_limits where key like $1', [
        `%${guest.ownerId}`,
      ])
      return rows
    })
  const before = await readPoints()
  const refused = await ask(guest)
  expectRefused(refused, 'too_many_requests')
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  expect(await readPoints()).toEqual(before)
  expect(before).toEqual([{ points: requestsPerMinute + 1 }])
})

test('error: a message for one more turn than an owner may have at the same time', async () => {
  const { client, token } = await product().guest()
  const ids = [1, 2, 3].map(() => client.createConversation().then(({ id }) => id))
  const [first = '', second = '', third = ''] = await Promise.all(ids)
  const post = (id: string, text = 'Hello') =>
    product().call('POST', `/api/conversations/${id}/messages`, {
      token,
      body: { text, clientMessageId: 'a' },
    })
  for (const id of [first, second]) expect((await post(id)).status).toBe(202)
  expectRefused(await post(third), 'too_many_turns')
  // What was accepted may be repeated, and its turn may be given more to do.
  expect((await post(first)).status).toBe(200)
  await client.postMessage(first, { text: 'More' })
  await client.deleteConversation(second)
  expect((await post(third)).status).toBe(202)
})

test('error: one more conversation than a guest may have; a wallet has as many as it wants', async () => {
  const { client, token, ownerId } = await product().guest()
  const create = () => product().call('POST', '/api/conversations', { token, body: {} })
  const made = await Promise.all([create(), create(), create()])
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201])
  expectRefused(await create(), 'too_many_conversations')
  const [newest] = (await client.listConversations()).conversations
  await client.deleteConversation(newest?.id ?? '')
  expect((await create()).status).toBe(201)
  await withDatabase(product().databaseUrl, (database) =>
    database.query(`update owners set kind = 'wallet', wallet = '0xAb' where id = $1`, [ownerId]),
  )
  expect((await create()).status).toBe(201)
})

test('error: more forks and imports than an owner may make in a minute', async () => {
  const guest = await product().guest()
  const { id } = await guest.client.createConversation()
  const body: unknown = JSON.parse(await guest.client.exportConversation(id))
  const headers = { 'idempotency-key': 'again' }
  const copy = () =>
    product().call('POST', '/api/conversations/import', { token: guest.token, body, headers })
  const first = await copy()
  const most = await Promise.all(Array.from({ length: copiesPerMinute - 1 }, copy))
  expect([first, ...most].map(({ status }) => status)).toEqual([201, ...most.map(() => 200)])
  await withDatabase(product().databaseUrl, (database) =>
    database.query('update rate_limits set expire = expire + 3600000 where key like $1', [
      `%copies:${guest.ownerId}`,
    ]),
  )
  expectRefused(await copy(), 'too_many_requests')
  const path = `/api/conversations/${id}/fork`
  const fork = await product().call('POST', path, { token: guest.token, body: { messageId: 'm_1' } })
  expectRefused(fork, 'too_many_requests')
})
