import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { follow, ofType } from '../support/follow.ts'
import { type OwnServer, startOwnTemporal } from '../support/own-servers.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectSameTexts } from '../support/whole-log.ts'

let temporal: OwnServer
let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  temporal = await startOwnTemporal()
  product = await startProduct({ temporal: temporal.address })
  ;({ client, raw } = await loginBoth(product.url))
}, 120_000)
afterAll(async () => {
  await product.close()
  await temporal.close()
})

// A server takes its seconds to start.
const withRestart = { timeout: 90_000 }

test('kill -9 of Temporal while tools run: the turn ends by itself', withRestart, async () => {
  const gates = ['tools-0', 'tools-1', 'tools-2']
  const { id, following } = await startTalk(product, client, 'tools', [
    callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
    textOf('All done.'),
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  await temporal.kill()
  product.gates.open('tools-0')
  await following.until(({ type }) => type === 'tool.completed')
  await temporal.restart()
  for (const gate of gates) product.gates.open(gate)
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(product.gates.arrivals('tools-0')).toBe(1)
  await expectEachOnce(client, id, following.events)
})

test('kill -9 of Temporal while a model streams: the turn ends by itself', withRestart, async () => {
  const replies = [textOf('Before, ', { gate: 'stream' }, 'and after.'), textOf('Once more.')]
  const { id, following } = await startTalk(product, client, 'stream', replies)
  await following.until(({ type }) => type === 'text.delta')
  await temporal.kill()
  await product.model.openGate('stream')
  await product.model.until('stream', 1, 'completed')
  await temporal.restart()
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Again' })
  await following.untilTurns(2)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})

test('a message posted without Temporal gets 503, and its repeat makes one turn', withRestart, async () => {
  await product.model.script('down', [textOf('Answer.'), textOf('Next answer.')])
  const { id } = await client.createConversation()
  const message = { text: 'Go [script:down]', clientMessageId: 'repeated' }
  await temporal.kill()
  const refused = await raw(`/api/conversations/${id}/messages`, message)
  const shown = await client.getConversation(id)
  await temporal.restart()
  const repeated = await client.postMessage(id, message)
  const following = follow(client, id)
  await following.untilTurns(1)
  const again = await client.postMessage(id, message)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()

  expect(refused).toMatchObject({ status: 503, body: { code: 'temporal_unavailable', status: 503 } })
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(shown.messages).toEqual([])
  expect(again.messageId).toBe(repeated.messageId)
  expect(ofType(following.events, 'user.message').map(({ text }) => text)).toEqual([message.text, 'Next'])
})
