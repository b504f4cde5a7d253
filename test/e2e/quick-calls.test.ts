import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { readGiven, readResults } from '../support/asked.ts'
import { ofType } from '../support/follow.ts'
import { listActivities } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, stopAndGoOn, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectSameTexts } from '../support/whole-log.ts'

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

test('quick calls run within the model’s activity, and say all that others say', async () => {
  const gates = ['all-0', 'all-1', 'all-2']
  for (const gate of gates) product.gates.open(gate)
  const { id, following } = await startTalk(product, client, 'all', [
    callsOf(...gates.map((gate) => glance(gate)), { name: 'nobody_has_this', arguments: {} }),
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await listActivities(product, id)).toEqual(['callModel'])
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
  await Promise.all([
    following.until(({ type }) => type === 'tool.completed'),
    product.gates.untilArrived('killed-1'),
  ])
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

test('a turn of quick calls alone goes on within one activity, over several rounds', async () => {
  product.gates.open('on')
  const { id, following } = await startTalk(product, client, 'on', [
    callsOf(glance('on')),
    callsOf(glance('on'), glance('on')),
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await listActivities(product, id)).toEqual(['callModel'])
  expect(ofType(following.events, 'round.started').map(({ round }) => round)).toEqual([0, 1, 2])
  expectOneResultEach(following.events)
  await expectEachOnce(client, id, following.events)
})

test('behavior: a message that steers joins the next round all the same', async () => {
  const { id, following } = await startTalk(product, client, 'joined', [
    callsOf(glance('joined')),
    textOf('Both answered.'),
  ])
  await product.gates.untilArrived('joined')
  const { messageId } = await client.postMessage(id, { text: 'And this', busyPolicy: 'steer' })
  product.gates.open('joined')
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(ofType(following.events, 'round.started')).toMatchObject([
    { round: 0 },
    { round: 1, messageIds: [messageId] },
  ])
  expect((await readGiven(product.model, 'joined', 2)).at(-1)).toEqual({ role: 'user', content: 'And this' })
})

test('behavior: a later round that fails is tried again, and nothing before it', async () => {
  product.gates.open('fails')
  const { id, following } = await startTalk(product, client, 'fails', [
    callsOf(glance('fails')),
    { status: 500 },
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await listActivities(product, id)).toEqual(['callModel'])
  expect(await product.model.requests('fails')).toHaveLength(3)
  expect(product.gates.arrivals('fails')).toBe(1)
  expect(ofType(following.events, 'text.completed')).toMatchObject([{ text: 'Seen.', attempt: 2 }])
})

test('behavior: each round has its own tries', async () => {
  product.gates.open('tries')
  const fails = { status: 500 }
  const { id, following } = await startTalk(product, client, 'tries', [
    fails,
    fails,
    callsOf(glance('tries')),
    fails,
    fails,
    textOf('Seen.'),
  ])
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(await product.model.requests('tries')).toHaveLength(6)
  expect(await listActivities(product, id)).toEqual(['callModel'])
})

test('kill -9 in a later round: it is asked again under a number of its own, and nothing before it', async () => {
  product.gates.open('killed-later')
  const { id, following } = await startTalk(product, client, 'killed-later', [
    callsOf(glance('killed-later')),
    textOf('Half of', { gate: 'never' }),
    textOf('The whole answer.'),
  ])
  expect(await following.until(({ type }) => type === 'text.delta')).toMatchObject({ attempt: 1 })
  await product.workers.pop()?.kill('SIGKILL')
  await product.startWorker()
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect(await product.model.requests('killed-later')).toHaveLength(3)
  expect(product.gates.arrivals('killed-later')).toBe(1)
  expect(ofType(following.events, 'text.completed')).toMatchObject([
    { text: 'The whole answer.', attempt: 2 },
  ])
  expectOneResultEach(following.events)
  await expectSameTexts(client, id, following.events)
  await expectEachOnce(client, id, following.events)
})
