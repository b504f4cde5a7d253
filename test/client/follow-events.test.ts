import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StreamEvent } from '../../src/contracts/event.ts'
import { createClient, type Client } from '../../src/client/create-client.ts'
import type { ConnectionChange, FollowOptions } from '../../src/client/follow-events.ts'
import { type FakeServer, startFakeServer } from './fake-server.ts'

let server: FakeServer
let client: Client
let id: string

beforeEach(async () => {
  server = await startFakeServer()
  const { token } = await createClient({ url: server.url }).loginAsGuest()
  client = createClient({ url: server.url, token })
  id = (await client.createConversation()).id
})
afterEach(() => server.close())

async function collect(options: FollowOptions = {}, type = 'turn.finished'): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = []
  for await (const event of client.followEvents(id, options)) {
    seen.push(event)
    if (event.type === type) break
  }
  return seen
}

test('yields every event once and in order', async () => {
  await client.postMessage(id, { text: 'tools' })
  const seen = await collect({ after: 0 })
  expect(seen).toEqual(server.talk(id)?.events)
})

test('behavior: resumes after the last event when connections are cut', async () => {
  server.faults.cutAfter = [1, 3, 0, 2, 5]
  const changes: ConnectionChange[] = []
  await client.postMessage(id, { text: 'hello' })
  const seen = await collect({ after: 0, onConnection: (change) => changes.push(change) })
  expect(seen).toEqual(server.talk(id)?.events)
  expect(changes.filter(({ kind }) => kind === 'lost')).toHaveLength(5)
})

test('behavior: starts with a snapshot without a cursor', async () => {
  const [first] = await collect({}, 'snapshot')
  expect(first).toMatchObject({ type: 'snapshot', lastSeq: 0 })
})

test('behavior: takes a snapshot when the server does not know the cursor', async () => {
  const [first] = await collect({ after: 1_000 }, 'snapshot')
  expect(first).toMatchObject({ type: 'snapshot', lastSeq: 0 })
})

test('behavior: takes a snapshot when an edit is taken back that it has not seen, and goes on', async () => {
  const talk = server.talk(id)
  const edited = talk?.append({ type: 'messages.superseded', messageIds: ['a'], by: 'b' })
  talk?.append({ type: 'messages.restored', messageIds: ['a'], by: 'b' })
  talk?.append({ type: 'context.cleared' })
  const changes: ConnectionChange[] = []
  const options = { onConnection: (change: ConnectionChange) => changes.push(change) }
  const late = await collect({ after: edited?.seq ?? 0, ...options }, 'snapshot')
  expect(late.map(({ type, seq }) => [type, seq])).toEqual([
    ['messages.restored', 2],
    ['snapshot', 3],
  ])
  expect(changes).toEqual([{ kind: 'open' }, { kind: 'open' }])
  expect(await collect({ after: 0 }, 'context.cleared')).toEqual(talk?.events)
})

test('behavior: waits as long as the server asks', async () => {
  server.faults.unavailable = 1
  server.faults.retryAfter = '1'
  const changes: ConnectionChange[] = []
  await collect({ onConnection: (change) => changes.push(change) }, 'snapshot')
  expect(changes[0]).toMatchObject({ kind: 'lost', cause: { code: 'temporal_unavailable' } })
  expect(changes[0]?.kind === 'lost' && changes[0].retryInMs).toBeGreaterThanOrEqual(1_000)
})

test('behavior: opens a new connection after silence', async () => {
  server.faults.silent = 1
  const seen = await collect({ idleTimeoutMs: 50 }, 'snapshot')
  expect(seen).toHaveLength(1)
})

test('behavior: ends without an error when it is aborted', async () => {
  const controller = new AbortController()
  const seen: StreamEvent[] = []
  for await (const event of client.followEvents(id, { signal: controller.signal })) {
    seen.push(event)
    controller.abort()
  }
  expect(seen).toHaveLength(1)
})

test('error: throws what cannot become better by waiting', async () => {
  const stranger = createClient({ url: server.url, token: 'wrong' })
  await expect(stranger.followEvents(id).next()).rejects.toMatchObject({ status: 401, code: 'unauthorized' })
  await expect(client.followEvents('unknown').next()).rejects.toMatchObject({ status: 404 })
})

test('error: gives up after the given time without a connection', async () => {
  const alone = createClient({ url: 'http://127.0.0.1:9' })
  await expect(alone.followEvents(id, { giveUpAfterMs: 100 }).next()).rejects.toThrow('does not answer')
})
