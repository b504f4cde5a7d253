import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

test('answers a message with the tools it needs, in parallel', async () => {
  await product.model.script('parallel', [
    {
      parts: [
        {
          type: 'toolCalls',
          calls: [0, 1, 2].map((index) => ({ name: 'gated', arguments: { gate: `parallel-${index}` } })),
        },
      ],
    },
    { parts: [{ type: 'text', text: 'All three gates are open.' }] },
  ])
  const { id } = await client.createConversation()
  const following = follow(client, id)
  const posted = await client.postMessage(id, { text: 'Go [script:parallel]' })

  await Promise.all([0, 1, 2].map((index) => product.gates.untilArrived(`parallel-${index}`)))
  const progress = await client.getProgress(id)
  for (const index of [2, 0, 1]) product.gates.open(`parallel-${index}`)
  const end = await following.untilTurns(1)
  following.close()

  expect(posted.state).toBe('started')
  expect(progress).toMatchObject({
    source: 'workflow',
    calls: [{ status: 'running' }, { status: 'running' }, { status: 'running' }],
  })
  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
  const snapshot = await client.getConversation(id)
  expect(snapshot.conversation.state).toBe('idle')
  expect(snapshot.messages.map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'tool',
    'tool',
    'tool',
    'assistant',
  ])
  expect(snapshot.messages.at(-1)?.text).toBe('All three gates are open.')
  const [, second] = await product.model.requests('parallel')
  expect(second?.body).toMatchObject({
    messages: [
      { role: 'system' },
      { role: 'user' },
      { role: 'assistant', tool_calls: [{}, {}, {}] },
      ...[0, 1, 2].map((index) => ({
        role: 'tool',
        content: JSON.stringify({ passed: `parallel-${index}` }),
      })),
    ],
  })
})
