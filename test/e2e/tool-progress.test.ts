import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env: await prebuiltBundle() })
  client = await product.login()
})
afterAll(() => product.close())

const replies = (key: string) => [
  callsOf({ name: 'gated_steps', arguments: { gate: key } }),
  textOf('Three steps.'),
]

/** As the route answers it: index and status of each step. */
async function readSteps(id: string) {
  const { source, calls } = await client.getProgress(id)
  return { source, stepIndex: calls[0]?.stepIndex, steps: calls[0]?.steps.map(({ status }) => status) }
}

test('tells the running step throughout', async () => {
  const { id, following } = await startTalk(product, client, 'throughout', replies('throughout'))
  await product.gates.untilArrived('throughout-one')
  const first = await readSteps(id)
  product.gates.open('throughout-one')
  await product.gates.untilArrived('throughout-two')
  const second = await readSteps(id)
  await following.until(({ type }) => type === 'tool.progress')
  const withProgress = await client.getProgress(id)
  product.gates.open('throughout-two')
  await product.gates.untilArrived('throughout-three')
  const third = await readSteps(id)
  product.gates.open('throughout-three')
  await following.untilTurns(1)
  following.close()

  const source = 'workflow'
  expect(first).toEqual({ source, stepIndex: 0, steps: ['running', 'pending', 'pending'] })
  expect(second).toEqual({ source, stepIndex: 1, steps: ['ok', 'running', 'pending'] })
  expect(third).toEqual({ source, stepIndex: 2, steps: ['ok', 'ok', 'running'] })
  expect(withProgress.calls).toMatchObject([{ progress: { fraction: 0.5, message: 'half way' } }])
})

// What the worker held may not be written down yet in that moment; then the timeouts find it, 10 s each.
const lostWithoutTrace = { timeout: 60_000 }

test('a worker that dies between two steps leaves the log to answer', lostWithoutTrace, async () => {
  const { id, following } = await startTalk(product, client, 'between', replies('between'))
  await product.gates.untilArrived('between-one')
  product.gates.open('between-one')
  await following.until(({ type }) => type === 'tool.step')
  await product.workers.pop()?.kill('SIGKILL')

  const withoutWorker = await readSteps(id)
  await product.startWorker()
  const arrivals = product.gates.arrivals('between-two')
  await product.gates.untilArrived('between-two', arrivals + 1)
  const resumed = await readSteps(id)
  for (const step of ['two', 'three']) product.gates.open(`between-${step}`)
  const end = await following.untilTurns(1)
  following.close()

  expect(withoutWorker).toEqual({ source: 'log', stepIndex: 1, steps: ['ok', 'running', 'pending'] })
  expect(resumed).toEqual({ source: 'workflow', stepIndex: 1, steps: ['ok', 'running', 'pending'] })
  expect(end).toMatchObject({ outcome: 'success' })
  expect(product.gates.arrivals('between-one')).toBe(1)
  expect(ofType(following.events, 'tool.step').map(({ step }) => step)).toEqual(['one', 'two', 'three'])
})
