import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { follow, ofType } from '../support/follow.ts'
import { readHistories } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { startTalk, textOf } from '../support/talk.ts'

const queueLimit = 50

let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  product = await startProduct({ env: { PERDURA_QUEUE_LIMIT: String(queueLimit) } })
  ;({ client, raw } = await loginBoth(product.url))
})
afterAll(() => product.close())

// Dozens of turns take their time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const repeated = [{ ...textOf('Answer.'), repeat: true }]

test('a message that is posted twice makes one turn', async () => {
  await product.model.script('twice', repeated)
  const { id } = await client.createConversation()
  const following = follow(client, id)
  const message = { text: 'Once [script:twice]', clientMessageId: 'same' }
  const first = await raw(`/api/conversations/${id}/messages`, message)
  await following.untilTurns(1)
  const second = await raw(`/api/conversations/${id}/messages`, message)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()

  expect([first.status, second.status]).toEqual([202, 200])
  expect(second.body['messageId']).toBe(first.body['messageId'])
  expect(ofType(following.events, 'user.message').map(({ text }) => text)).toEqual([message.text, 'Next'])
})

test('a message that is posted ten times at once makes one turn', async () => {
  await product.model.script('tenfold', repeated)
  const { id } = await client.createConversation()
  const following = follow(client, id)
  const message = { text: 'Once [script:tenfold]', clientMessageId: 'same' }
  const answers = await Promise.all(numbers(10).map(() => raw(`/api/conversations/${id}/messages`, message)))
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()

  expect(answers.map(({ status }) => String(status)).toSorted()).toEqual([
    ...Array<string>(9).fill('200'),
    '202',
  ])
  expect(new Set(answers.map(({ body }) => body['messageId'])).size).toBe(1)
  expect(ofType(following.events, 'user.message').map(({ text }) => text)).toEqual([message.text, 'Next'])
})

test('error: the id of another message is refused', async () => {
  const { id } = await client.createConversation()
  await product.model.script('other', repeated)
  await client.postMessage(id, { text: 'One [script:other]', clientMessageId: 'same' })
  const other = await raw(`/api/conversations/${id}/messages`, { text: 'Two', clientMessageId: 'same' })

  expect(other).toMatchObject({ status: 409, body: { code: 'message_conflict' } })
})

test('fifty messages during a turn are answered in order, each in a turn of its own', async () => {
  const { id, following, text } = await startTalk(product, client, 'fifty', [
    textOf({ gate: 'fifty' }, 'First.'),
    ...repeated,
  ])
  await product.model.until('fifty', 1, 'arrived')
  const texts = numbers(50).map((index) => `Message ${index}`)
  for (const wanted of texts) await client.postMessage(id, { text: wanted })
  await product.model.openGate('fifty')
  await following.untilTurns(51)
  following.close()

  const { messages } = await client.getConversation(id)
  const asked = messages.filter(({ role }) => role === 'user').map((message) => message.text)
  expect(asked).toEqual([text, ...texts])
  expect(messages.map(({ role }) => role)).toEqual(numbers(51).flatMap(() => ['user', 'assistant']))
  expect(ofType(following.events, 'turn.finished').map(({ outcome }) => outcome)).toEqual(
    Array<string>(51).fill('success'),
  )
})

test('fifty messages in the same moment are all answered, in the order of the queue', async () => {
  const { id, following } = await startTalk(product, client, 'moment', [
    textOf({ gate: 'moment' }, 'First.'),
    ...repeated,
  ])
  await product.model.until('moment', 1, 'arrived')
  const texts = numbers(50).map((index) => `Message ${index}`)
  await Promise.all(texts.map((wanted) => client.postMessage(id, { text: wanted })))
  const { queue } = await client.getConversation(id)
  await product.model.openGate('moment')
  await following.untilTurns(51)
  following.close()

  const { messages } = await client.getConversation(id)
  const asked = messages.filter(({ role }) => role === 'user').map((message) => message.text)
  expect(queue.map((message) => message.text).toSorted()).toEqual(texts.toSorted())
  expect(asked.slice(1)).toEqual(queue.map((message) => message.text))
  expect(ofType(following.events, 'turn.finished')).toHaveLength(51)
})

test('error: a full queue refuses before anything is signalled', async () => {
  const { id, following } = await startTalk(product, client, 'full', [textOf({ gate: 'never' })])
  await product.model.until('full', 1, 'arrived')
  following.close()
  await Promise.all(numbers(queueLimit).map((index) => client.postMessage(id, { text: `Waits ${index}` })))
  const refused = await raw(`/api/conversations/${id}/messages`, { text: 'One too many' })

  expect(refused).toMatchObject({ status: 429, body: { code: 'queue_full' } })
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  const histories = await readHistories(product)
  const signals = histories.map(
    ({ events }) =>
      events?.filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal != null).length,
  )
  expect(signals).toContain(queueLimit + 1)
})
