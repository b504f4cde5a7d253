import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { readResults } from '../support/asked.ts'
import { ofType } from '../support/follow.ts'
import { listActivities } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, stopAndGoOn, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach } from '../support/whole-log.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

// Processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const glance = (gate: string, failures = 0) => ({ name: 'glance', arguments: { gate, failures } })
const asksTwice = ['callModel', 'callModel']

test('quick calls run within the model’s activity, and say all that others say', async () => {
  const gates = ['all-0', 'all-1', 'all-2']
  for (const gate of gates) product.gates.open(gate)
  const { id, following } = await startTalk(product, client, 'all', [
    callsOf(...gates.map((gate) => glance(gate)), { name: 'nobody_has_this', arguments: {} }),
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await listActivities(product, id)).toEqual(asksTwice)
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.started')).toHaveLength(4)
  const given = await readResults(product.model, 'all', 2)
  expect(given).toMatchObject([
    { arrival: 1 },
    { arrival: 1 },
    { arrival: 1 },
    { error: { code: 'tool_unknown' } },
  ])
  await expectEachOnce(client, id, following.events)
})

test('one that takes longer than a moment runs again in an activity of its own, the others do not', async () => {
  product.gates.open('soon')
  const { id, following } = await startTalk(product, client, 'late', [
    callsOf(glance('soon'), glance('late')),
    textOf('Seen.'),
  ])
  await product.gates.untilArrived('late', 2)
  product.gates.open('late')
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await listActivities(product, id)).toEqual(['callModel', 'runTool', 'callModel'])
  expectOneResultEach(following.events)
  expect(await readResults(product.model, 'late', 2)).toMatchObject([{ arrival: 1 }, { arrival: 2 }])
})

test('one that fails in a way that may pass is tried again in an activity of its own', async () => {
  product.gates.open('flaky')
  const { id, following } = await startTalk(product, client, 'flaky', [
    callsOf(glance('flaky', 1)),
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await listActivities(product, id)).toEqual(['callModel', 'runTool', 'callModel'])
  expect(await readResults(product.model, 'flaky', 2)).toMatchObject([{ arrival: 2 }])
})

test('behavior: beside a call that is not quick they run as any other', async () => {
  for (const gate of ['beside', 'slow']) product.gates.open(gate)
  const { id, following } = await startTalk(product, client, 'beside', [
    callsOf(glance('beside'), { name: 'gated', arguments: { gate: 'slow' } }),
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(await listActivities(product, id)).toEqual(['callModel', 'runTool', 'runTool', 'callModel'])
})

test('Stop ends them at once, each with one result', async () => {
  const gates = ['stopped-0', 'stopped-1']
  const { id, following } = await startTalk(product, client, 'stopped', [
    callsOf(...gates.map((gate) => glance(gate))),
    textOf('Next.'),
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  const { end, next } = await stopAndGoOn(client, { id, following })
  expect(end).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  expect(next).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual([
    'cancelled',
    'cancelled',
  ])
  for (const gate of gates) expect(product.gates.arrivals(gate)).toBe(1)
})

test('kill -9 while they run: the model is not asked again, and each has one result', async () => {
  product.gates.open('killed-0')
  const { id, following } = await startTalk(product, client, 'killed', [
    callsOf(glance('killed-0'), glance('killed-1')),
    textOf('Seen.'),
  ])
  await following.until(({ type }) => type === 'tool.completed')
  await product.workers.pop()?.kill('SIGKILL')
  await product.startWorker()
  await product.gates.untilArrived('killed-1', 2)
  product.gates.open('killed-1')
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expectOneResultEach(following.events)
  expect(product.gates.arrivals('killed-0')).toBe(1)
  expect(await product.model.requests('killed')).toHaveLength(2)
  expect(await readResults(product.model, 'killed', 2)).toMatchObject([
    { arrival: 1 },
    { arrival: expect.any(Number) },
  ])
  await expectEachOnce(client, id, following.events)
})
