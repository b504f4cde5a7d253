import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Client, createClient } from '../../src/client/create-client.ts'
import type { Event } from '../../src/contracts/event.ts'
import { readGiven } from '../support/asked.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth } from '../support/raw-client.ts'
import { callsOf, startTalk, stopAndGoOn, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectWholeLog, readLog } from '../support/whole-log.ts'

let product: Product
let client: Client
let token: string

beforeAll(async () => {
  product = await startProduct()
  ;({ client, token } = await loginBoth(product.url))
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

test('an api that does not stream the turn stops it as well', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'other', [
    textOf('Partial', { gate: 'never' }),
  ])
  await following.until(({ type }) => type === 'text.delta')
  const { url } = await product.startApi()
  const stopped = await createClient({ url, token }).cancelTurn(id)
  const end = await following.untilTurns(1)
  following.close()

  expect(stopped).toEqual({ turnId })
  expect(end).toMatchObject(cancelled)
  expect(await product.model.requests('other')).toMatchObject([{ state: 'closed' }])
  await expectWholeLog(client, id, following.events)
})

test('tools that run are cancelled, each with one result', async () => {
  const gates = ['tools-0', 'tools-1', 'tools-2']
  const { id, turnId, following } = await startTalk(product, client, 'tools', [
    callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
    textOf('After the stop.'),
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  const { end, next } = await stopAndGoOn(client, { id, following })

  expect(end).toMatchObject(cancelled)
  expect(next).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(
    Array<string>(3).fill('cancelled'),
  )
  expectNothingAfterItsEnd(await readLog(client, id), turnId)
})

test('a step that runs is cancelled with its call, and the model is told what was done before it', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'step', [
    callsOf({ name: 'gated_steps', arguments: { gate: 'step' } }),
    textOf('Next.'),
  ])
  product.gates.open('step-one')
  await product.gates.untilArrived('step-two')
  const { end } = await stopAndGoOn(client, { id, following })

  expect(end).toMatchObject(cancelled)
  expect(ofType(following.events, 'tool.step').map(({ step, status }) => [step, status])).toEqual([
    ['one', 'ok'],
    ['two', 'cancelled'],
  ])
  expectOneResultEach(following.events)
  expect(product.gates.arrivals('step-three')).toBe(0)
  const [, , result] = await readGiven(product.model, 'step', 2)
  expect(JSON.parse(String(result?.content))).toMatchObject({
    error: { code: 'stopped' },
    finishedSteps: { one: 'step-one' },
  })
  expectNothingAfterItsEnd(await readLog(client, id), turnId)
})

test('what was said and done before the stop is known to the model', async () => {
  const calls = [
    { name: 'gated', arguments: { gate: 'known-0' } },
    { name: 'gated', arguments: { gate: 'known-1' } },
  ]
  const { id, following, text } = await startTalk(product, client, 'known', [
    {
      parts: [
        { type: 'text', text: 'Two gates.' },
        { type: 'toolCalls', calls },
      ],
    },
    textOf('Partial', { gate: 'never' }),
    textOf('Next.'),
  ])
  product.gates.open('known-0')
  await product.gates.untilArrived('known-1')
  await following.until(({ type }) => type === 'tool.completed')
  await client.cancelTurn(id)
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Go on' })
  await following.until(({ type, turnId }) => type === 'text.delta' && turnId === `${id}.t2`)
  await client.cancelTurn(id)
  await following.untilTurns(2)
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(3)
  following.close()

  const given = await readGiven(product.model, 'known', 3)
  expect(given).toMatchObject([
    { role: 'user', content: text },
    { role: 'assistant', content: 'Two gates.' },
    { role: 'tool', content: '{"passed":"known-0"}' },
    { role: 'tool', content: expect.stringContaining('The user stopped the turn.') },
    { role: 'user', content: 'Go on' },
    { role: 'assistant', content: 'Partial' },
    { role: 'user', content: 'Go on' },
  ])
  await expectWholeLog(client, id, following.events)
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

test('a stop of a turn that has ended does not reach the next one', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'late', [
    textOf('Answer.'),
    textOf('Before, ', { gate: 'late' }, 'and after.'),
  ])
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Go on' })
  await following.until((event) => event.type === 'text.delta' && event.turnId === `${id}.t2`)
  const stopped = await client.cancelTurn(id, turnId)
  await product.model.openGate('late')
  const end = await following.untilTurns(2)
  following.close()

  expect(stopped).toEqual({ turnId: null })
  expect(end).toMatchObject({ outcome: 'success' })
  await expectWholeLog(client, id, following.events)
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
  // Its process is ended when it does not obey.
  await product.gates.untilLeft('fence')
  product.gates.open('fence')
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(2)
  following.close()

  expect(end).toMatchObject(cancelled)
  expectNothingAfterItsEnd(await readLog(client, id), turnId)
  const results = ofType(await readLog(client, id), 'tool.completed')
  expect(results).toMatchObject([{ status: 'cancelled', error: { code: 'stopped' } }])
  expect(product.gates.arrivals('fence-late')).toBe(0)
})

test('a stop takes less than a second, nearly always', async () => {
  const tookMs: number[] = []
  for (let index = 0; index < 20; index++) {
    const key = `fast-${index}`
    const { id, following } = await startTalk(product, client, key, [textOf('Partial', { gate: 'never' })])
    await following.until(({ type }) => type === 'text.delta')
    const askedAtMs = Date.now()
    await client.cancelTurn(id)
    const { endedAtMs = Infinity } = await product.model.until(key, 1, 'closed')
    tookMs.push(endedAtMs - askedAtMs)
    following.close()
  }

  // The 95th of a hundred; one of twenty may take longer.
  const [, p95 = Infinity] = tookMs.toSorted((a, b) => b - a)
  expect(p95).toBeLessThan(1_000)
})
