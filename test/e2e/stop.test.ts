import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { Event } from '../../src/contracts/event.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, readLog } from '../support/whole-log.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

const cancelled = { type: 'turn.finished', outcome: 'cancelled', code: 'stopped' }

function expectNothingAfterItsEnd(log: readonly Event[], turnId: string): void {
  expect(log.findLast((event) => event.turnId === turnId)).toMatchObject({ type: 'turn.finished' })
}

test('a model that streams is closed, and what it said is kept', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'model', [
    textOf('Partial', { gate: 'never' }),
  ])
  await following.until(({ type }) => type === 'text.delta')
  const stopped = await client.cancelTurn(id)
  await product.model.until('model', 1, 'closed')
  const end = await following.untilTurns(1)
  following.close()

  expect(stopped).toEqual({ turnId })
  expect(end).toMatchObject(cancelled)
  const { conversation, messages } = await client.getConversation(id)
  expect(messages.map(({ text }) => text)).toEqual(['Go [script:model]', 'Partial'])
  expect(conversation.state).toBe('idle')
  await expectEachOnce(client, id, following.events)
})

test('tools that run are cancelled, each with one result', async () => {
  const gates = ['tools-0', 'tools-1', 'tools-2']
  const { id, turnId, following } = await startTalk(product, client, 'tools', [
    callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
    textOf('After the stop.'),
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Go on' })
  const next = await following.untilTurns(2)
  following.close()

  expect(end).toMatchObject(cancelled)
  expect(next).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(
    Array<string>(3).fill('cancelled'),
  )
  expectNothingAfterItsEnd(await readLog(client, id), turnId)
})

test('a step that runs is cancelled with its call', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'step', [
    callsOf({ name: 'gated_steps', arguments: { gate: 'step' } }),
  ])
  product.gates.open('step-one')
  await product.gates.untilArrived('step-two')
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject(cancelled)
  expect(ofType(following.events, 'tool.step').map(({ step, status }) => [step, status])).toEqual([
    ['one', 'ok'],
    ['two', 'cancelled'],
  ])
  expectOneResultEach(following.events)
  expect(product.gates.arrivals('step-three')).toBe(0)
  expectNothingAfterItsEnd(await readLog(client, id), turnId)
})

test('nothing happens when nothing runs', async () => {
  await product.model.script('idle', [textOf('Answer.')])
  const { id } = await client.createConversation()
  const stopped = await client.cancelTurn(id)
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:idle]' })
  const end = await following.untilTurns(1)
  const again = await client.cancelTurn(id)
  following.close()

  expect([stopped, again]).toEqual([{ turnId: null }, { turnId: null }])
  expect(end).toMatchObject({ outcome: 'success' })
})

test('two stops end the turn once', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'double', [
    textOf('Partial', { gate: 'never' }),
    textOf('Next.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  await Promise.all([client.cancelTurn(id), client.cancelTurn(id)])
  await following.untilTurns(1)
  await client.cancelTurn(id, turnId)
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(2)
  following.close()

  const ends = ofType(following.events, 'turn.finished')
  expect(ends.map(({ outcome }) => outcome)).toEqual(['cancelled', 'success'])
})

test('messages that wait are answered after the stop', async () => {
  const { id, following } = await startTalk(product, client, 'queued', [
    textOf('Partial', { gate: 'never' }),
    textOf('Second.'),
    textOf('Third.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  for (const text of ['Two', 'Three']) await client.postMessage(id, { text })
  await client.cancelTurn(id)
  await following.untilTurns(3)
  following.close()

  const { messages } = await client.getConversation(id)
  expect(messages.map(({ text }) => text)).toEqual([
    'Go [script:queued]',
    'Partial',
    'Two',
    'Second.',
    'Three',
    'Third.',
  ])
})

test('a tool that ignores its signal is fenced off', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'fence', [
    callsOf({ name: 'stubborn', arguments: { gate: 'fence' } }),
    textOf('Next.'),
  ])
  await product.gates.untilArrived('fence')
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  product.gates.open('fence')
  await product.gates.untilArrived('fence-late')
  product.gates.open('fence-late')
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(2)
  following.close()

  expect(end).toMatchObject(cancelled)
  expectNothingAfterItsEnd(await readLog(client, id), turnId)
  const results = ofType(await readLog(client, id), 'tool.completed')
  expect(results).toMatchObject([{ status: 'cancelled', error: { code: 'stopped' } }])
})
