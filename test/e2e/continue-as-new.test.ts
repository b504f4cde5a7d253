import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { fillHistory } from '../support/fill-history.ts'
import { ofType } from '../support/follow.ts'
import { countRuns } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectSameTexts } from '../support/whole-log.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

// Thousands of signals and dozens of turns take their time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const texts = Array.from({ length: 20 }, (_, index) => `Message ${index}`)

async function postAll(id: string): Promise<void> {
  for (const text of texts) await client.postMessage(id, { text })
}

test('messages that arrive while a conversation continues as new are answered once, in order', async () => {
  const { id, following } = await startTalk(product, client, 'between', [
    textOf({ gate: 'between' }, 'First.'),
    { ...textOf('Answer.'), repeat: true },
  ])
  const first = await following.until(({ type }) => type === 'user.message')
  const [message] = ofType([first], 'user.message')
  await fillHistory(product, id, message?.messageId ?? '')
  await Promise.all([product.model.openGate('between'), postAll(id)])
  await following.untilTurns(1 + texts.length)
  following.close()

  expect(ofType(following.events, 'turn.finished').map(({ outcome }) => outcome)).toEqual(
    Array<string>(1 + texts.length).fill('success'),
  )
  const { messages } = await client.getConversation(id)
  const asked = messages.filter(({ role }) => role === 'user').map(({ text }) => text)
  expect(asked).toEqual(['Go [script:between]', ...texts])
  expect(await countRuns(product, id)).toBe(2)
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})

test('a turn that runs long goes on in the new run, between two rounds', async () => {
  const { id, following } = await startTalk(product, client, 'inside', [
    callsOf({ name: 'gated', arguments: { gate: 'inside' } }),
    textOf('After the cut.'),
    { ...textOf('Answer.'), repeat: true },
  ])
  await product.gates.untilArrived('inside')
  const first = await following.until(({ type }) => type === 'user.message')
  const [message] = ofType([first], 'user.message')
  await fillHistory(product, id, message?.messageId ?? '')
  product.gates.open('inside')
  await postAll(id)
  await following.untilTurns(1 + texts.length)
  following.close()

  const { messages } = await client.getConversation(id)
  expect(messages.slice(0, 4).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
  expect(messages[3]?.text).toBe('After the cut.')
  const asked = messages.filter(({ role }) => role === 'user').map(({ text }) => text)
  expect(asked).toEqual(['Go [script:inside]', ...texts])
  expect(await countRuns(product, id)).toBe(2)
  expect(product.gates.arrivals('inside')).toBe(1)
  await expectEachOnce(client, id, following.events)
})
