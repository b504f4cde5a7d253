import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { Event, StreamEvent } from '../../src/contracts/event.ts'
import { follow } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { openStalledReader } from '../support/stalled-reader.ts'
import { startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectSameTexts } from '../support/whole-log.ts'

let product: Product
let client: Client
let raw: RawClient
let token: string

beforeAll(async () => {
  product = await startProduct({
    env: { PERDURA_STREAM_BUFFER_EVENTS: '20', PERDURA_STREAM_BUFFER_BYTES: '400000' },
  })
  ;({ client, raw, token } = await loginBoth(product.url))
})
afterAll(() => product.close())

// Megabytes and dozens of turns take their time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const repeated = [{ ...textOf('An answer of a few words.'), repeat: true }]

test('a hundred reconnects at random points miss nothing and repeat nothing', async () => {
  const random = seededRandom(20_260)
  const { id, following } = await startTalk(product, client, 'reconnects', repeated)
  const posting = Promise.all(
    Array.from({ length: 29 }, (_, index) => client.postMessage(id, { text: `Message ${index}` })),
  )
  const seen: Event[] = []
  for (let connection = 0; connection < 100; connection++) {
    seen.push(...(await readSome(id, seen.at(-1)?.seq ?? 0, random(5))))
  }
  await posting
  const end = await following.untilTurns(30)
  following.close()
  seen.push(...(await readUpTo(id, seen.at(-1)?.seq ?? 0, end.seq)))

  expect(end).toMatchObject({ outcome: 'success' })
  await expectEachOnce(client, id, seen)
  await expectSameTexts(client, id, seen)
})

/** Opens a connection, reads that many events and drops it. */
async function readSome(id: string, after: number, count: number): Promise<Event[]> {
  const found: Event[] = []
  const opened = Promise.withResolvers<void>()
  const controller = new AbortController()
  const stream = client.followEvents(id, {
    after,
    signal: controller.signal,
    onConnection: ({ kind }) => {
      if (kind === 'open') opened.resolve()
    },
  })
  if (count === 0) {
    const first = stream.next()
    await opened.promise
    controller.abort()
    await first
    return []
  }
  for await (const event of stream) {
    if (event.type !== 'snapshot') found.push(event)
    if (found.length === count) break
  }
  return found
}

async function readUpTo(id: string, after: number, last: number): Promise<Event[]> {
  const found: Event[] = []
  if (after >= last) return found
  for await (const event of client.followEvents(id, { after })) {
    if (event.type !== 'snapshot') found.push(event)
    if (event.seq >= last) break
  }
  return found
}

test('two followers are sent the same', async () => {
  const { id, following } = await startTalk(product, client, 'same', [
    textOf('Some ', { gate: 'same-one' }, 'words ', { gate: 'same-two' }, 'more.'),
  ])
  const other = follow(client, id)
  const hasDelta = ({ type }: Event) => type === 'text.delta'
  await Promise.all([following.until(hasDelta), other.until(hasDelta)])
  for (const gate of ['same-one', 'same-two']) await product.model.openGate(gate)
  await Promise.all([following.untilTurns(1), other.untilTurns(1)])
  following.close()
  other.close()

  expect(other.events).toEqual(following.events)
  await expectEachOnce(client, id, other.events)
})

test('a reader that stops reading is cut off, and loses nothing when it returns', async () => {
  const { id, following } = await startTalk(product, client, 'stalled', [textOf({ gate: 'never' })])
  const path = `/api/conversations/${id}/events?after=0`
  const stalled = await openStalledReader(`${product.url}${path}`, token)
  // Far more than what the sockets between the two hold.
  for (let index = 0; index < 90; index++) {
    await client.postMessage(id, { text: `${index} ${'x'.repeat(90_000)}`, clientMessageId: `m${index}` })
  }
  await following.until((event) => event.type === 'message.queued' && event.position === 89)
  following.close()

  const before = await stalled.readToEnd()
  const last = following.events.at(-1)?.seq ?? 0
  const after = await readUpTo(id, before.at(-1) ?? 0, last)
  expect(before.length).toBeLessThan(following.events.length)
  expect([...before, ...after.map(({ seq }) => seq)]).toEqual(following.events.map(({ seq }) => seq))
})

test('without a cursor the first frame is a snapshot', async () => {
  const { id, following } = await startTalk(product, client, 'snapshot', [textOf('Answer.')])
  const end = await following.untilTurns(1)
  following.close()
  const stream = client.followEvents(id)
  const first: IteratorResult<StreamEvent, void> = await stream.next()
  await stream.return(undefined)

  const { messages } = await client.getConversation(id)
  expect(first.value).toMatchObject({ type: 'snapshot', lastSeq: end.seq, messages })
})

test('error: a cursor ahead of the log is refused', async () => {
  const { id } = await client.createConversation()
  const answer = await raw(`/api/conversations/${id}/events?after=7`)

  expect(answer).toMatchObject({ status: 409, body: { code: 'cursor_ahead' } })
})
