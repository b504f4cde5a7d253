import { beforeAll, expect, test } from 'vitest'

import { type Guest, useCheckedProduct } from '../checked-product.ts'

const product = useCheckedProduct({ workers: 0, env: { PERDURA_QUEUE_LIMIT: '5' } })

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

async function createPath(): Promise<string> {
  return `/api/conversations/${(await guest.client.createConversation()).id}/messages`
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return product().call('POST', path, { token: guest.token, body, headers })
}

test('default: a message is accepted with 202 and shown at once', async () => {
  const path = await createPath()
  const answer = await post(path, { text: 'Hello', clientMessageId: 'one' })
  expect(answer).toMatchObject({ status: 202, body: { state: 'started' } })
  const events = await product().call('GET', path.replace('messages', 'events'), {
    token: guest.token,
    headers: { accept: 'application/json' },
  })
  expect(events.body).toMatchObject({
    events: [{ type: 'user.message', text: 'Hello', clientMessageId: 'one', via: 'api' }],
    hasMore: false,
  })
})

test('behavior: a message that must wait says so', async () => {
  const path = await createPath()
  await post(path, { text: 'First' })
  expect(await post(path, { text: 'Second' })).toMatchObject({ status: 202, body: { state: 'queued' } })
})

test.for(['clientMessageId', 'Idempotency-Key'])(
  'behavior: a repeat with the same %s is the same message',
  async (by) => {
    const path = await createPath()
    const send = (text: string) =>
      by === 'clientMessageId'
        ? post(path, { text, clientMessageId: 'a' })
        : post(path, { text }, { [by]: 'a' })
    const answers = await Promise.all([1, 2, 3, 4].map(() => send('Hello')))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 202])
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(await send('Hello')).toMatchObject({ status: 200, body: answers[0]?.body })
    expect(await send('Goodbye')).toMatchObject({ status: 409, body: { code: 'message_conflict' } })
    const elsewhere = await post(await createPath(), { text: 'Goodbye', clientMessageId: 'a' })
    expect(elsewhere.status).toBe(202)
  },
)

test('behavior: without an id every post is a message of its own', async () => {
  const path = await createPath()
  const [first, second] = [await post(path, { text: 'Hello' }), await post(path, { text: 'Hello' })]
  expect(first.body).not.toEqual(second.body)
})

test('behavior: 100,000 characters fit, of any kind', async () => {
  const path = await createPath()
  for (const text of ['x'.repeat(100_000), '\u{1F600}'.repeat(50_000), 'a\0b\ud800'])
    expect((await post(path, { text })).status).toBe(202)
})

test('behavior: a message may differ from its repeat only in what cannot be stored', async () => {
  const path = await createPath()
  expect((await post(path, { text: 'a\0b', clientMessageId: 'nul' })).status).toBe(202)
  expect((await post(path, { text: 'a\0b', clientMessageId: 'nul' })).status).toBe(200)
})

test.for([
  ['100,001 characters', { text: 'x'.repeat(100_001) }, 'text'],
  ['no text', {}, 'text'],
  ['a blank text', { text: ' \n\t\u00a0' }, 'text'],
  ['a text that is none', { text: 1 }, 'text'],
  ['an empty id', { text: 'x', clientMessageId: '' }, 'clientMessageId'],
  ['an id with NUL', { text: 'x', clientMessageId: 'a\0' }, 'clientMessageId'],
  ['an unknown policy', { text: 'x', busyPolicy: 'drop' }, 'busyPolicy'],
] as const)('error: %s is refused with 422, naming the field', async ([, body, field]) => {
  const answer = await post(await createPath(), body)
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request', errors: [{ path: field }] } })
})

test('error: an unknown field is refused with 422, named', async () => {
  const answer = await post(await createPath(), { text: 'x', txet: 'y' })
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'txet' }] } })
})

test('error: a full queue refuses with 429, and a repeat of what waits still works', async () => {
  const path = await createPath()
  for (const id of ['1', '2', '3', '4', '5']) await post(path, { text: id, clientMessageId: id })
  const refused = await post(path, { text: '6' })
  expect(refused).toMatchObject({ status: 429, body: { code: 'queue_full' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await post(path, { text: '3', clientMessageId: '3' })).status).toBe(200)
})

test('behavior: cancelling when nothing runs changes nothing', async () => {
  const path = (await createPath()).replace('messages', 'cancel')
  for (const body of [undefined, {}, { turnId: 'c_1.t1' }])
    expect(await post(path, body)).toMatchObject({ status: 202, body: { turnId: null } })
  expect(await post(path, { turn: 'x' })).toMatchObject({ status: 422 })
  expect(await post(path, { turnId: 'a\0' })).toMatchObject({ status: 422 })
})
