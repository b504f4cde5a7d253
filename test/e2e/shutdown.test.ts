import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { type Part, type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectSameTexts } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env: await prebuiltBundle() })
  client = await product.login()
})
afterAll(() => product.close())

// Processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

/** Tells the oldest worker to end; resolves when it has, as it should. */
async function terminateWorker(): Promise<void> {
  const worker = oldestWorker()
  const startedMs = performance.now()
  await worker.kill('SIGTERM')
  product.workers.shift()
  expect(await worker.ended).toBe(0)
  expect(performance.now() - startedMs).toBeLessThan(10_000)
}

function oldestWorker(): Part {
  const [worker] = product.workers
  if (worker === undefined) throw new Error('There is no worker.')
  return worker
}

test('SIGTERM of the worker hands a streaming turn to another one', async () => {
  const { id, following } = await startTalk(product, client, 'stream', [
    textOf('These words are', { gate: 'never' }),
    textOf('The whole answer.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  await product.startWorker()
  await terminateWorker()
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'text.completed')).toMatchObject([
    { attempt: 2, text: 'The whole answer.' },
  ])
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})

test('SIGTERM of the worker hands running tools to another one', async () => {
  const gates = ['tools-0', 'tools-1', 'tools-2']
  const { id, following } = await startTalk(product, client, 'tools', [
    callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
    textOf('All done.'),
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  await product.startWorker()
  await terminateWorker()
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate, 2)))
  for (const gate of gates) product.gates.open(gate)
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
  await expectEachOnce(client, id, following.events)
})

test('a model that answers in time is heard to the end by the worker that stops', async () => {
  const { id, following } = await startTalk(product, client, 'grace', [
    textOf('These words are ', { gate: 'grace' }, 'the whole answer.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  await product.startWorker()
  const ending = terminateWorker()
  await oldestWorker().untilLogged('stopping')
  await product.model.openGate('grace')
  const end = await following.untilTurns(1)
  await ending
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'text.completed')).toMatchObject([
    { attempt: 1, text: 'These words are the whole answer.' },
  ])
  expect(await product.model.requests('grace')).toHaveLength(1)
  await expectSameTexts(client, id, following.events)
})

test('SIGTERM of the worker hands a tool of several steps over at its step', async () => {
  const { id, following } = await startTalk(product, client, 'steps', [
    callsOf({ name: 'gated_steps', arguments: { gate: 'steps' } }),
    textOf('Three steps.'),
  ])
  product.gates.open('steps-one')
  await product.gates.untilArrived('steps-two')
  await product.startWorker()
  await terminateWorker()
  await product.gates.untilArrived('steps-two', 2)
  for (const step of ['two', 'three']) product.gates.open(`steps-${step}`)
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expect(['one', 'two', 'three'].map((step) => product.gates.arrivals(`steps-${step}`))).toEqual([1, 2, 1])
  expect(ofType(following.events, 'tool.step').map(({ step, status }) => [step, status])).toEqual([
    ['one', 'ok'],
    ['two', 'ok'],
    ['three', 'ok'],
  ])
  await expectEachOnce(client, id, following.events)
})

test('a tool that ignores its signal holds no worker, and is handed over as often as it takes', async () => {
  const { id, following } = await startTalk(product, client, 'stubborn', [
    callsOf({ name: 'stubborn', arguments: { gate: 'stubborn' } }),
    textOf('Done.'),
  ])
  for (const tries of [1, 2]) {
    await product.gates.untilArrived('stubborn', tries)
    await product.startWorker()
    await terminateWorker()
  }
  await product.gates.untilArrived('stubborn', 3)
  for (const gate of ['stubborn', 'stubborn-late']) product.gates.open(gate)
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'ok' }])
  expectOneResultEach(following.events)
  await expectEachOnce(client, id, following.events)
})
