import proto from '@temporalio/proto'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { follow } from '../support/follow.ts'
import { readHistories } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, textOf } from '../support/talk.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

const { History } = proto.temporal.api.history.v1

test('no text, tool input, result or secret stands in a history', async () => {
  product.gates.open('MARKER-output')
  product.gates.open('MARKER-step-one')
  product.gates.open('MARKER-step-two')
  product.gates.open('MARKER-step-three')
  await product.model.script('content', [
    {
      parts: [
        { type: 'reasoning', text: 'MARKER-reasoning' },
        { type: 'text', text: 'MARKER-beside-calls' },
        {
          type: 'toolCalls',
          calls: [
            { name: 'gated', arguments: { gate: 'MARKER-output', note: 'MARKER-input' } },
            { name: 'gated_steps', arguments: { gate: 'MARKER-step' } },
            { name: 'broken', arguments: { text: 'MARKER-thrown' } },
            { name: 'MARKER-name', arguments: {} },
            { name: 'gated', arguments: '{"gate": "MARKER-invalid"' },
          ],
        },
      ],
    },
    textOf('MARKER-answer'),
    callsOf({ name: 'gated', arguments: { gate: 'MARKER-stopped' } }),
    { status: 400, body: JSON.stringify({ error: { message: 'MARKER-refusal' } }) },
    textOf('MARKER-answer'),
  ])
  const { id } = await client.createConversation({
    title: 'MARKER-title',
    instructions: 'MARKER-instructions',
    externalId: 'MARKER-external',
  })
  const following = follow(client, id)
  const text = 'MARKER-user [script:content]'
  await client.postMessage(id, { text, clientMessageId: 'MARKER-client-id' })
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'MARKER-user, to be stopped' })
  await product.gates.untilArrived('MARKER-stopped')
  await client.cancelTurn(id)
  await following.untilTurns(2)
  for (const turn of [3, 4]) {
    await client.postMessage(id, { text: 'MARKER-user' })
    await following.untilTurns(turn)
  }
  following.close()

  const bytes = (await readHistories(product)).map((history) => Buffer.from(History.encode(history).finish()))
  const all = Buffer.concat(bytes)
  const { password } = new URL(product.databaseUrl)
  expect(bytes).toHaveLength(1)
  // The search finds what does stand there.
  expect(all.includes(id)).toBe(true)
  expect(all.toString('latin1').match(/MARKER-[a-z-]+/g)).toBeNull()
  for (const secret of ['sk-test-key', password]) expect(all.includes(secret)).toBe(false)
})
