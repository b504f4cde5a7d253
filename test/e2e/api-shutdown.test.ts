import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { openHeldPost } from '../support/held-post.ts'
import { type Part, type Product, startProduct } from '../support/product.ts'
import { loginBoth } from '../support/raw-client.ts'
import { openStalledReader } from '../support/stalled-reader.ts'
import { startTalk, textOf } from '../support/talk.ts'
import { follow } from '../support/follow.ts'
import { expectEachOnce, expectSameTexts } from '../support/whole-log.ts'

let product: Product
let client: Client
let token: string

beforeAll(async () => {
  product = await startProduct()
  ;({ client, token } = await loginBoth(product.url))
})
afterAll(() => product.close())

// Processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

/** Less than the 5 s for which a connection is kept after its last answer. */
const allowedMs = 4_000

/** How long a part took to end by itself. */
async function terminate(part: Part): Promise<number> {
  const startedMs = performance.now()
  await part.kill('SIGTERM')
  return performance.now() - startedMs
}

/** A stream as it comes over the wire; resolves with its end when it has begun. */
async function openWholeStream(path: string): Promise<{ text: Promise<string> }> {
  const response = await fetch(`${product.url}${path}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  })
  return { text: response.text() }
}

test('SIGTERM of the api during a stream loses nothing for whoever follows', async () => {
  const { id, following } = await startTalk(product, client, 'api', [
    textOf('Before it ends, ', { gate: 'api' }, 'and after.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  const { api } = product
  const tookMs = await terminate(api)
  await product.model.openGate('api')
  await product.restartApi()
  const end = await following.untilTurns(1)
  following.close()

  expect([await api.ended, tookMs < allowedMs]).toEqual([0, true])
  expect(end).toMatchObject({ outcome: 'success' })
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})

test('a message that is on its way is accepted and answered, and its connection closed', async () => {
  await product.model.script('held', [textOf('Answer.')])
  const { id } = await client.createConversation()
  const path = `/api/conversations/${id}`
  const stream = await openWholeStream(`${path}/events?after=0`)
  const body = { text: 'Go [script:held]', clientMessageId: 'held' }
  const held = await openHeldPost(`${product.url}${path}/messages`, token, body)
  const { api } = product
  const ending = terminate(api)
  await stream.text
  const answer = await held.finish()
  const tookMs = await ending
  await product.restartApi()
  const following = follow(client, id)
  const end = await following.untilTurns(1)
  following.close()

  expect(answer).toMatchObject({ status: 202, connection: 'close' })
  expect([await api.ended, tookMs < allowedMs]).toEqual([0, true])
  expect(end).toMatchObject({ outcome: 'success' })
})

test('streams end whole, and ask their clients to be back within a second', async () => {
  const { id } = await client.createConversation()
  const paths = ['/api/events', `/api/conversations/${id}/events`]
  const streams = await Promise.all(paths.map(openWholeStream))
  await terminate(product.api)
  const texts = await Promise.all(streams.map(({ text }) => text))
  await product.restartApi()

  const pausesMs = texts.map((text) => Number(/\nretry: (\d+)\n\n$/.exec(text)?.[1]))
  expect(pausesMs.map((pauseMs) => pauseMs > 0 && pauseMs <= 1_000)).toEqual([true, true])
})

test('a client that does not read holds nothing', async () => {
  const { id, following } = await startTalk(product, client, 'stalled', [textOf({ gate: 'never' })])
  // Far more than what the sockets between the two hold.
  for (let index = 0; index < 90; index++) {
    await client.postMessage(id, { text: `${index} ${'x'.repeat(90_000)}` })
  }
  const last = await following.until((event) => event.type === 'message.queued' && event.position === 89)
  following.close()
  await openStalledReader(`${product.url}/api/conversations/${id}/events?after=0`, token)
  // Sent the same at the same time; when it has everything, the other one is stuck.
  const reading = follow(client, id)
  await reading.until(({ seq }) => seq === last.seq)
  reading.close()
  const { api } = product
  const tookMs = await terminate(api)
  await product.restartApi()

  expect([await api.ended, tookMs < allowedMs]).toEqual([0, true])
})
