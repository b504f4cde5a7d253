import { beforeAll, expect, test, vi } from 'vitest'

import type { ConversationChanges, ConversationFields } from '../../../src/client/api-answers.ts'
import { countRuns } from '../../support/histories.ts'
import { type Guest, useCheckedProduct } from '../checked-product.ts'
import { withDatabase } from '../with-database.ts'

const product = useCheckedProduct({ workers: 0 })

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

function create(body: object, headers: Record<string, string> = {}) {
  return product().call('POST', '/api/conversations', { token: guest.token, body, headers })
}

test('default: a conversation begins with the defaults of the deployment', async () => {
  const answer = await create({})
  expect(answer).toMatchObject({
    status: 201,
    body: {
      title: 'New conversation',
      state: 'idle',
      model: 'openai/scripted',
      busyPolicy: 'queue',
      memory: false,
      archived: false,
      lastSeq: 0,
    },
  })
})

test('default: every setting is kept and can be changed', async () => {
  const settings: ConversationFields = {
    title: 'Deploy',
    model: 'scripted',
    instructions: 'Be brief.',
    tools: ['time_now'],
    chainId: 31337,
    busyPolicy: 'reject',
    history: { kind: 'slidingWindow', window: 3 },
    memory: true,
  }
  const created = await guest.client.createConversation(settings)
  expect(created).toMatchObject({ ...settings, model: 'openai/scripted' })
  const changes: ConversationChanges = { title: 'Read', tools: [], history: { kind: 'none' }, archived: true }
  expect(await guest.client.updateConversation(created.id, changes)).toMatchObject({
    ...settings,
    ...changes,
    model: 'openai/scripted',
  })
  const { events } = await guest.client.listEvents(created.id)
  expect(events).toMatchObject([{ type: 'conversation.updated', title: 'Read', archived: true }])
})

test('behavior: the same externalId of the same owner is the same conversation', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map(() => create({ externalId: 'order-7' })))
  expect(answers.map(({ status }) => status).toSorted(byNumber)).toEqual([200, 200, 200, 201])
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  const other = await product().guest()
  const theirs = await other.client.createConversation({ externalId: 'order-7' })
  expect(answers[0]?.body).not.toMatchObject({ id: theirs.id })
})

test('behavior: an Idempotency-Key makes a repeat harmless, however the body is written', async () => {
  const headers = { 'idempotency-key': 'key-1' }
  const first = await create({ title: 'Once', memory: true }, headers)
  const repeat = await create({ memory: true, title: 'Once' }, headers)
  expect([first.status, repeat.status]).toEqual([201, 200])
  expect(repeat.body).toEqual(first.body)
  const other = await create({ title: 'Twice' }, headers)
  expect(other).toMatchObject({ status: 409, body: { code: 'conflict' } })
})

test('behavior: parallel posts with one Idempotency-Key make one conversation', async () => {
  const headers = { 'idempotency-key': 'parallel' }
  const answers = await withDatabase(product().databaseUrl, async (database) => {
    // Holds both between their look for the key and their insert.
    await database.query('begin; lock table conversations in share row exclusive mode')
    const posts = [create({ title: 'Once' }, headers), create({ title: 'Once' }, headers)]
    await vi.waitFor(async () => {
      const { rows } = await database.query(
        `select 1 from pg_locks join pg_stat_activity using (pid)
           where not granted and datname = current_database()`,
      )
      expect(rows.length).toBe(2)
    }, 30_000)
    await database.query('commit')
    return Promise.all(posts)
  })
  expect(answers.map(({ status }) => status).toSorted(byNumber)).toEqual([200, 201])
  expect(answers[0]?.body).toEqual(answers[1]?.body)
})

test('behavior: an Idempotency-Key is free again after a day', async () => {
  const headers = { 'idempotency-key': 'yesterday' }
  const first = await create({ title: 'Yesterday' }, headers)
  await withDatabase(product().databaseUrl, (database) =>
    database.query(
      `update idempotency_keys set created_at = now() - interval '25 hours' where key = 'yesterday'`,
    ),
  )
  const second = await create({ title: 'Today' }, headers)
  expect(second).toMatchObject({ status: 201, body: { title: 'Today' } })
  expect(first.body).not.toEqual(second.body)
})

test('behavior: a page goes on where it ended, also when its last conversation moved or went meanwhile', async () => {
  const { client } = await product().guest()
  const titles = Array.from({ length: 60 }, (_, index) => `Conversation ${index}`)
  for (const title of titles) await client.createConversation({ title })
  const { conversations, nextCursor } = await client.listConversations()
  const last = conversations.at(-1)?.id ?? ''
  await client.postMessage(last, { text: 'Up again' })
  const moved = await client.listConversations({ cursor: nextCursor ?? '' })
  await client.deleteConversation(last)
  const gone = await client.listConversations({ cursor: nextCursor ?? '' })
  for (const page of [moved, gone])
    expect(page.conversations.map(({ title }) => title)).toEqual(titles.slice(0, 10).toReversed())
})

test('behavior: pages hold every conversation once, the latest first', async () => {
  const { client } = await product().guest()
  const titles = Array.from({ length: 120 }, (_, index) => `Conversation ${index}`)
  for (const title of titles) await client.createConversation({ title })
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await client.listConversations(cursor === undefined ? {} : { cursor })
    expect(page.conversations.length).toBeLessThanOrEqual(50)
    seen.push(...page.conversations.map(({ title }) => title))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  expect(seen).toEqual(titles.toReversed())
})

test('behavior: archived ones have a list of their own, and q looks into titles', async () => {
  const { client } = await product().guest()
  const wanted = ['100% sure', '100 things', 'under_score', 'underXscore'] as const
  const made = await Promise.all(wanted.map((title) => client.createConversation({ title })))
  await client.updateConversation(made[1]?.id ?? '', { archived: true })
  const titlesOf = async (query: { q?: string; archived?: boolean }) =>
    (await client.listConversations(query)).conversations.map(({ title }) => title)
  expect(await titlesOf({ archived: true })).toEqual(['100 things'])
  expect(await titlesOf({ q: '100' })).toEqual(['100% sure'])
  expect(await titlesOf({ q: '100%' })).toEqual(['100% sure'])
  expect(await titlesOf({ q: 'R_S' })).toEqual(['under_score'])
  expect((await titlesOf({ q: 'Under_' })).toSorted()).toEqual(['underXscore', 'under_score'])
  expect(await titlesOf({ q: '\\' })).toEqual([])
})

test('behavior: a deleted conversation is gone with its rows and its workflow', async () => {
  const { client, token } = await product().guest()
  const { id } = await client.createConversation({ externalId: 'gone' }, 'gone-key')
  await client.postMessage(id, { text: 'Remember this.' })
  expect((await product().call('DELETE', `/api/conversations/${id}`, { token })).status).toBe(204)
  for (const method of ['GET', 'DELETE'] as const)
    expect((await product().call(method, `/api/conversations/${id}`, { token })).status).toBe(404)
  expect(await listRowsOf(id)).toEqual([])
  await vi.waitFor(async () => expect(await countRuns(product(), id)).toBe(0), 10_000)
  expect((await client.createConversation({ externalId: 'gone' })).id).not.toBe(id)
})

test.for([
  [{ model: 'no/such' }, 'unknown_model', undefined],
  [{ tools: ['time_now', 'no_such'] }, 'unknown_tool', undefined],
  [{ chainId: 5 }, 'unknown_chain', undefined],
  [{ titel: 'x' }, 'invalid_request', 'titel'],
  [{ title: '' }, 'invalid_request', 'title'],
  [{ title: 'x'.repeat(201) }, 'invalid_request', 'title'],
  [{ chainId: 1.5 }, 'invalid_request', 'chainId'],
  [{ busyPolicy: 'drop' }, 'invalid_request', 'busyPolicy'],
  [{ history: { kind: 'slidingWindow' } }, 'invalid_request', 'history.window'],
  [{ externalId: 'a\0b' }, 'invalid_request', 'externalId'],
  [{ history: { kind: 'full', window: 1 } }, 'invalid_request', 'history.window'],
  [{ memory: 'yes' }, 'invalid_request', 'memory'],
] as const)('error: %j is refused with 422 and %s', async ([body, code, field]) => {
  const { id } = await guest.client.createConversation()
  const created = await create(body)
  const patched = await product().call('PATCH', `/api/conversations/${id}`, { token: guest.token, body })
  expect(created).toMatchObject({ status: 422, body: { code } })
  expect(patched).toMatchObject({
    status: 422,
    body: { code: 'externalId' in body ? 'invalid_request' : code },
  })
  expect(created.body).toMatchObject(field === undefined ? {} : { errors: [{ path: field }] })
})

test.for(['%00', '..%2f', 'x'.repeat(300), '%F0%9F%98%80', "'%20or%201=1"])(
  'error: an id that cannot be one (%s) is not found',
  async (id) => {
    const answer = await product().call('GET', `/api/conversations/${id}`, { token: guest.token })
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
  },
)

test.for(['q=%00', 'cursor=%00', 'archived=yes', `q=${'x'.repeat(201)}`, 'q=a&q=b'])(
  'error: the list refuses %s with 422',
  async (query) => {
    const answer = await product().call('GET', `/api/conversations?${query}`, { token: guest.token })
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
  },
)

const byNumber = (a: number, b: number) => a - b

const tablesOfConversations = ['messages', 'rounds', 'tool_calls', 'events', 'idempotency_keys']

async function listRowsOf(id: string): Promise<unknown[]> {
  const selects = tablesOfConversations.map(
    (table) => `select '${table}' from ${table} where conversation_id = $1`,
  )
  return withDatabase(product().databaseUrl, async (database) => {
    const { rows } = await database.query<{ table: string }>(
      `select 'conversations' from conversations where id = $1 union all ${selects.join(' union all ')}`,
      [id],
    )
    return rows
  })
}
