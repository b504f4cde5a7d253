import { beforeAll, expect, test } from 'vitest'

import { type Guest, useCheckedProduct } from '../checked-product.ts'
import { type Frames, openFrames } from '../frames.ts'

const product = useCheckedProduct({ workers: 0, env: { PERDURA_STREAM_LIMIT: '4' } })

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

async function createWith(count: number, text = 'Message'): Promise<string> {
  const { id } = await guest.client.createConversation()
  for (let index = 0; index < count; index++) await guest.client.postMessage(id, { text: `${text} ${index}` })
  return id
}

const pathOf = (id: string) => `/api/conversations/${id}/events`
const asJson = { accept: 'application/json' }

function readPage(id: string, query: string, headers: Record<string, string> = asJson) {
  return product().call('GET', `${pathOf(id)}${query}`, { token: guest.token, headers })
}

function openStream(path: string, headers: Record<string, string> = {}): Promise<Frames> {
  const { fetch } = product().contract
  return openFrames(fetch, `${product().url}${path}`, { authorization: `Bearer ${guest.token}`, ...headers })
}

test('default: frames have the number as id, JSON as data and nothing else', async () => {
  const id = await createWith(2)
  await using stream = await openStream(`${pathOf(id)}?after=0`)
  const frames = await stream.take(3)
  const { events } = await guest.client.listEvents(id)
  expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(stream.headers.get('cache-control')).toBe('no-cache, no-transform')
  expect(frames.map(({ lines }) => lines.map((line) => line.split(':')[0]))).toEqual(
    [1, 2, 3].map(() => ['id', 'data']),
  )
  expect(frames.map(({ id: seq, data }) => [seq, data])).toEqual(
    events.map((event) => [String(event.seq), event]),
  )
})

test('default: without a cursor the snapshot comes first, with the last number, then what is new', async () => {
  const id = await createWith(2)
  await using stream = await openStream(pathOf(id))
  const [snapshot] = await stream.take(1)
  await guest.client.postMessage(id, { text: 'New' })
  const [added] = await stream.take(1)
  expect(snapshot?.data).toMatchObject({ type: 'snapshot', lastSeq: 3, messages: [], queue: [{}, {}] })
  expect(snapshot?.id).toBe('3')
  expect(added?.data).toMatchObject({ type: 'user.message', text: 'New', seq: 4 })
})

test('behavior: a cursor goes on after its event, and Last-Event-ID wins over after', async () => {
  const id = await createWith(3)
  await using stream = await openStream(`${pathOf(id)}?after=1`, { 'last-event-id': '3' })
  expect((await stream.take(1))[0]?.id).toBe('4')
  await using other = await openStream(`${pathOf(id)}?after=1`)
  expect((await other.take(1))[0]?.id).toBe('2')
})

test('behavior: as JSON, pages of the wished size hold the whole log', async () => {
  const id = await createWith(3)
  const seqs: unknown[] = []
  let after = 0
  for (let hasMore = true; hasMore;) {
    const { body } = await readPage(id, `?after=${after}&limit=2`)
    expect(body).toMatchObject({ events: expect.any(Array), hasMore: expect.any(Boolean) })
    const page = await guest.client.listEvents(id, after)
    expect(body).toMatchObject({ events: page.events.slice(0, 2) })
    seqs.push(...page.events.slice(0, 2).map(({ seq }) => seq))
    after = page.events.slice(0, 2).at(-1)?.seq ?? after
    hasMore = page.events.length > 2
  }
  expect(seqs).toEqual([1, 2, 3, 4, 5])
  expect((await readPage(id, '?after=5')).body).toEqual({ events: [], nextAfter: 5, hasMore: false })
  expect((await readPage(id, '', { ...asJson, 'last-event-id': '4' })).body).toMatchObject({ nextAfter: 5 })
})

test('behavior: a reader of a log larger than its buffer is not cut off', async () => {
  const id = await createWith(5, 'x'.repeat(90_000))
  for (let index = 0; index < 20; index++) await guest.client.postMessage(id, { text: 'y'.repeat(90_000) })
  await using all = await openStream(`${pathOf(id)}?after=0`)
  expect((await all.take(49)).map(({ id: seq }) => seq)).toEqual(
    Array.from({ length: 49 }, (_, index) => String(index + 1)),
  )
  await using fromSnapshot = await openStream(pathOf(id))
  const [snapshot] = await fromSnapshot.take(1)
  expect(JSON.stringify(snapshot?.data).length).toBeGreaterThan(1_000_000)
  await guest.client.postMessage(id, { text: 'After the snapshot' })
  expect((await fromSnapshot.take(1))[0]?.data).toMatchObject({ text: 'After the snapshot' })
})

test('behavior: HEAD is answered and holds nothing open', async () => {
  const id = await createWith(1)
  for (let repeat = 0; repeat < 10; repeat++)
    for (const path of [pathOf(id), '/api/events'])
      expect((await product().call('HEAD', path, { token: guest.token })).status).toBe(200)
  await using stream = await openStream(`${pathOf(id)}?after=0`)
  expect((await stream.take(1)).length).toBe(1)
})

test('error: a cursor ahead of the log is refused with 409, in both forms', async () => {
  const id = await createWith(1)
  expect(await readPage(id, '?after=2')).toMatchObject({ status: 409, body: { code: 'cursor_ahead' } })
  const answer = await readPage(id, '', { 'last-event-id': '99' })
  expect(answer).toMatchObject({ status: 409, body: { code: 'cursor_ahead' } })
})

test.for(['?after=-1', '?after=x', '?after=1.5', '?after=', '?limit=x', '?after=9999999999999999'])(
  'error: %s is refused with 422',
  async (query) => {
    const answer = await readPage(await createWith(1), query)
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
  },
)

test('error: more streams than an owner may hold are refused with 429; a closed one makes room', async () => {
  const id = await createWith(1)
  const open = await Promise.all([1, 2, 3, 4].map(() => openStream(`${pathOf(id)}?after=0`)))
  const refused = await product().call('GET', '/api/events', { token: guest.token })
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_streams' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  const other = await product().guest()
  const { fetch } = product().contract
  await using theirs = await openFrames(fetch, `${product().url}/api/events`, {
    authorization: `Bearer ${other.token}`,
  })
  expect(theirs.headers.get('content-type')).toContain('text/event-stream')
  for (const stream of open) await stream[Symbol.asyncDispose]()
})
