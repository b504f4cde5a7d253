import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { feltCall, questionOf, readGiven, untilAsked, untilNth } from '../support/asked.ts'
import { follow, ofType } from '../support/follow.ts'
import { untilWaitsToRetry } from '../support/histories.ts'
import { untilJournaled } from '../support/journal.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, stopAndGoOn, textOf } from '../support/talk.ts'
import { openSecondModel } from '../support/two-models.ts'
import { expectWholeLog } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

const { other, env } = await openSecondModel()
let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env: { ...env, ...(await prebuiltBundle()) } })
  client = await product.login()
})
afterAll(() => product.close())

// A worker starts again, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const cancelled = { type: 'turn.finished', outcome: 'cancelled', code: 'stopped' }
/** Longer than any test. */
const longPauseS = 200

test('while a tool waits between its tries, it is not tried again', async () => {
  const { id, following } = await startTalk(product, client, 'tool', [
    callsOf({ name: 'flaky', arguments: { gate: 'tool', pauseMs: longPauseS * 1_000 } }),
    textOf('Next.'),
  ])
  product.gates.open('tool')
  await product.gates.untilArrived('tool')
  await untilWaitsToRetry(product, id)
  const { end, next } = await stopAndGoOn(client, { id, following })

  expect(end).toMatchObject(cancelled)
  expect(next).toMatchObject({ outcome: 'success' })
  expect(product.gates.arrivals('tool')).toBe(1)
  expect(ofType(following.events, 'tool.completed')).toMatchObject([
    { status: 'cancelled', error: { code: 'stopped' } },
  ])
  await expectWholeLog(client, id, following.events)
})

test('while a step waits between its tries, the model is told what was done before it', async () => {
  const { id, following } = await startTalk(product, client, 'step', [
    callsOf({ name: 'gated_steps', arguments: { gate: 'step', pauseMs: longPauseS * 1_000 } }),
    textOf('Next.'),
  ])
  for (const step of ['one', 'two']) product.gates.open(`step-${step}`)
  await product.gates.untilArrived('step-two')
  await untilWaitsToRetry(product, id)
  const { end } = await stopAndGoOn(client, { id, following })

  expect(end).toMatchObject(cancelled)
  const [, , result] = await readGiven(product.model, 'step', 2)
  expect(JSON.parse(String(result?.content))).toMatchObject({
    error: { code: 'stopped' },
    finishedSteps: { one: 'step-one' },
  })
  await expectWholeLog(client, id, following.events)
})

test('while the model waits between its tries, what it said before is kept', async () => {
  // Of a service that nobody else asks: it wants to be left alone from then on.
  const half: ScriptedReply = {
    parts: [
      { type: 'text', text: 'Half' },
      { type: 'gate', name: 'cut' },
      { type: 'fault', fault: 'cut' },
    ],
  }
  await other.script('model', [half, { status: 429, headers: { 'retry-after': String(longPauseS) } }])
  await product.model.script('model', [textOf('Next.')])
  const { id } = await client.createConversation({ model: 'mistral/other' })
  const following = follow(client, id)
  const text = 'Go [script:model]'
  await client.postMessage(id, { text })
  await following.until(({ type }) => type === 'text.delta')
  await other.openGate('cut')
  await other.until('model', 2, 'completed')
  await untilWaitsToRetry(product, id)
  await client.updateConversation(id, { model: 'openai/scripted' })
  const { end } = await stopAndGoOn(client, { id, following })

  expect(end).toMatchObject(cancelled)
  expect(await readGiven(product.model, 'model', 1)).toEqual([
    { role: 'user', content: text },
    { role: 'assistant', content: 'Half' },
    { role: 'user', content: 'Go on' },
  ])
  await expectWholeLog(client, id, following.events)
})

test('while a question is open, it is closed and the model told so', async () => {
  const { id, following } = await startTalk(product, client, 'question', [questionOf(), textOf('Next.')])
  const { requestId } = await untilAsked(following)
  await untilNth(following, 'turn.waiting')
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  const refused = await client
    .answerRequest(requestId, { answers: { which: 'left' } })
    .catch((error: unknown) => error)
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(2)
  following.close()

  expect(end).toMatchObject(cancelled)
  expect(refused).toMatchObject({ code: 'request_resolved', outcome: 'cancelled' })
  expect(ofType(following.events, 'request.resolved')).toMatchObject([{ requestId, outcome: 'cancelled' }])
  expect((await client.getConversation(id)).openRequests).toEqual([])
  expect((await readGiven(product.model, 'question', 2)).map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'tool',
    'user',
  ])
  await expectWholeLog(client, id, following.events)
})

test('while a permission is asked for, nothing of the batch runs, and a call that runs beside it is cancelled', async () => {
  const { id, following } = await startTalk(product, client, 'permission', [
    callsOf(feltCall('felt-0'), { name: 'gated', arguments: { gate: 'beside' } }, feltCall('felt-1')),
    textOf('Next.'),
  ])
  await untilAsked(following)
  await product.gates.untilArrived('beside')
  const { end } = await stopAndGoOn(client, { id, following })

  expect(end).toMatchObject(cancelled)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(
    Array<string>(3).fill('cancelled'),
  )
  expect(ofType(following.events, 'request.resolved')).toMatchObject([{ outcome: 'cancelled' }])
  expect(['felt-0', 'felt-1'].map((gate) => product.gates.arrivals(gate))).toEqual([0, 0])
  await expectWholeLog(client, id, following.events)
})

test('while no worker is up, the stop waits for one', async () => {
  const { id, turnId, following } = await startTalk(product, client, 'worker', [
    textOf('Partial', { gate: 'never' }),
    textOf('Next.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  await untilJournaled(product.databaseUrl, 1)
  await product.workers.shift()?.kill('SIGKILL')
  const stopped = await client.cancelTurn(id)
  await product.startWorker()
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(2)
  following.close()

  expect(stopped).toEqual({ turnId })
  expect(end).toMatchObject(cancelled)
  expect(await product.model.requests('worker')).toHaveLength(2)
  expect((await readGiven(product.model, 'worker', 2))[1]).toEqual({ role: 'assistant', content: 'Partial' })
  await expectWholeLog(client, id, following.events)
})
