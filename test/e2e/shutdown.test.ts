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

/** How long a part took to end by itself. */
async function terminate(part: Part | undefined): Promise<number> {
  const startedMs = performance.now()
  await part?.kill('SIGTERM')
  return performance.now() - startedMs
}

const allowedMs = 10_000
/** Less than the 5 s for which a connection is kept after its last answer. */
const allowedForApiMs = 4_000

test('SIGTERM of the worker hands a streaming turn to another one', async () => {
  const { id, following } = await startTalk(product, client, 'stream', [
    textOf('These words are', { gate: 'never' }),
    textOf('The whole answer.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  await product.startWorker()
  const tookMs = await terminate(product.workers.shift())
  const end = await following.untilTurns(1)
  following.close()

  expect(tookMs).toBeLessThan(allowedMs)
  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'text.completed')).toMatchObject([{ text: 'The whole answer.' }])
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
  const tookMs = await terminate(product.workers.shift())
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate, 2)))
  for (const gate of gates) product.gates.open(gate)
  const end = await following.untilTurns(1)
  following.close()

  expect(tookMs).toBeLessThan(allowedMs)
  expect(end).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
  await expectEachOnce(client, id, following.events)
})

test('SIGTERM of the api during a stream loses nothing for whoever follows', async () => {
  const { id, following } = await startTalk(product, client, 'api', [
    textOf('Before it ends, ', { gate: 'api' }, 'and after.'),
  ])
  await following.until(({ type }) => type === 'text.delta')
  const tookMs = await terminate(product.api)
  await product.model.openGate('api')
  await product.restartApi()
  const end = await following.untilTurns(1)
  following.close()

  expect(tookMs).toBeLessThan(allowedForApiMs)
  expect(end).toMatchObject({ outcome: 'success' })
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})
