import { Client as TemporalClient, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { workflowIdOf } from '../../src/contracts/ids.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'

let product: Product
let client: Client
let connection: Connection

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
  connection = await Connection.connect({ address: product.temporal })
})
afterAll(async () => {
  await connection.close()
  await product.close()
})

function workflowOf(conversationId: string) {
  return new TemporalClient({ connection }).workflow.getHandle(workflowIdOf(conversationId))
}

/** What an operator may do in the Temporal UI. */
async function terminate(conversationId: string): Promise<void> {
  await workflowOf(conversationId).terminate()
}

test('the next message ends the turn of a terminated workflow and is answered', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'terminated', [
    callsOf({ name: 'gated', arguments: { gate: 'terminated' } }),
    textOf('Answer.'),
  ])
  await product.gates.untilArrived('terminated')
  await terminate(id)
  await client.postMessage(id, { text: 'Still there?' })
  await following.untilTurns(2)
  following.close()

  const ends = ofType(following.events, 'turn.finished')
  expect(ends[0]).toMatchObject({ turnId, outcome: 'error', code: 'internal' })
  expect(ends[1]).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'error' }])
  const { conversation, queue } = await client.getConversation(id)
  expect([conversation.state, queue]).toEqual(['idle', []])
})

test('the next message ends the turn that was asked to sum up, and is answered', async () => {
  const answers = ['One.', 'Two.', 'Three.'].map((text) => textOf(text))
  const summary = textOf('{"summary":', { gate: 'lost' }, '"Late."}')
  const { id, following, text } = await startTalk(product, client, 'lost', [
    ...answers,
    summary,
    textOf('Answer.'),
  ])
  for (const turns of [1, 2]) {
    await following.untilTurns(turns)
    await client.postMessage(id, { text })
  }
  await following.untilTurns(3)
  await client.compactConversation(id)
  await product.model.until('lost', 4, 'arrived')
  await terminate(id)
  await client.postMessage(id, { text: 'Still there?' })
  await following.untilTurns(5)
  await product.model.openGate('lost')
  following.close()

  const ends = ofType(following.events, 'turn.finished').slice(3)
  expect(ends).toMatchObject([
    { turnId: `${id}.t4`, outcome: 'error', code: 'internal' },
    { turnId: `${id}.t5`, outcome: 'success' },
  ])
  expect(ofType(following.events, 'context.compacted')).toEqual([])
})

test('Stop ends the turn of a terminated workflow', async () => {
  const { id, following } = await startTalk(product, client, 'gone', [textOf('Never', { gate: 'gone' })])
  await following.until(({ type }) => type === 'text.delta')
  await terminate(id)
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  following.close()

  expect(end.type).toBe('turn.finished')
  const { conversation, messages } = await client.getConversation(id)
  expect(conversation.state).toBe('idle')
  expect(messages.at(-1)?.text).toBe('Never')
})

test('Stop gives what waits behind the turn of a terminated workflow to a new one', async () => {
  const { id, following } = await startTalk(product, client, 'behind', [
    textOf('Never', { gate: 'behind' }),
    textOf('Answer.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  await client.postMessage(id, { text: 'Still there?' })
  // A worker would give it to one as well, in its time.
  for (const worker of product.workers.splice(0)) await worker.kill('SIGKILL')
  await terminate(id)
  await client.cancelTurn(id)
  const { status } = await workflowOf(id).describe()
  await product.startWorker()
  const end = await following.untilTurns(2)
  following.close()

  expect(status.name).toBe('RUNNING')
  expect(end).toMatchObject({ outcome: 'success' })
})

test('a Stop before the first round stops the turn that is about to begin', async () => {
  for (const worker of product.workers.splice(0)) await worker.kill('SIGTERM')
  await product.model.script('early', [textOf('Too late.')])
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:early]' })
  await client.cancelTurn(id)
  await product.startWorker()
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  expect(await product.model.requests('early')).toEqual([])
})

test('what a model had said before all its tries failed is kept', async () => {
  const { id, following } = await startTalk(product, client, 'half', [
    {
      parts: [
        { type: 'text', text: 'Half of it' },
        { type: 'gate', name: 'half' },
        { type: 'fault', fault: 'cut' },
      ],
    },
    { status: 500 },
    { status: 500 },
  ])
  await following.until(({ type }) => type === 'text.delta')
  await product.model.openGate('half')
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'error', code: 'model_unavailable' })
  const shown = ofType(following.events, 'text.delta').map(({ delta }) => delta)
  const { messages } = await client.getConversation(id)
  expect(messages.at(-1)).toMatchObject({ role: 'assistant', text: shown.join('') })
})

test('a tool whose service is away for a moment is tried again', async () => {
  product.gates.open('flaky')
  const { following } = await startTalk(product, client, 'flaky', [
    callsOf({ name: 'flaky', arguments: { gate: 'flaky' } }),
    textOf('Done.'),
  ])
  await following.untilTurns(1)
  following.close()

  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'ok', output: { tries: 3 } }])
})
