import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { Client as TemporalClient, Connection } from '@temporalio/client'

import type { Client } from '../../src/client/create-client.ts'
import { callWorkflowIdOf, callWorkflowPrefixOf, noteIdOf, workflowIdOf } from '../../src/contracts/ids.ts'
import { queryNames } from '../../src/contracts/temporal-names.ts'
import type { StatusAnswer } from '../../src/contracts/turn.ts'
import { openDatabase } from '../../src/store/database.ts'
import { dumpText } from '../store/dump-text.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectSameTexts, expectTurnsToEndLast } from '../support/whole-log.ts'

let product: Product
let client: Client
let temporal: TemporalClient

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
  temporal = new TemporalClient({ connection: await Connection.connect({ address: product.temporal }) })
})
afterAll(async () => {
  await temporal.connection.close()
  await product.close()
})

const patience = { timeout: 60_000, interval: 100 }
const noted = { ...textOf('Noted.'), repeat: true }

/** A conversation whose first turn has ended, with so many calls that wait at their gate. */
async function startWatching(key: string, count: number) {
  const calls = Array.from({ length: count }, (_, number) => ({
    name: 'watched',
    arguments: { gate: key, number },
  }))
  const talk = await startTalk(product, client, key, [callsOf(...calls), textOf('I am watching.'), noted])
  await talk.following.untilTurns(1)
  await product.gates.untilArrived(key, count)
  return { ...talk, callId: `${talk.turnId}.r0.c0` }
}

async function readDatabase(): Promise<string> {
  const { databaseUrl: url } = product
  const database = openDatabase({ url, poolSize: 2, applicationName: 'test', onIdleError: () => {} })
  try {
    return await dumpText(database)
  } finally {
    await database.close()
  }
}

test('a call goes on beyond its turn, and its end begins one by itself', async () => {
  const { id, turnId, callId, following } = await startWatching('one', 1)
  const before = await client.getConversation(id)
  expect(before.conversation.state).toBe('idle')
  expect(before.calls).toMatchObject([{ callId, status: 'running', background: true }])
  expect((await client.getProgress(id)).calls).toMatchObject([
    { callId, background: true, progress: { fraction: 0.5 } },
  ])
  product.gates.open('one')
  await following.untilTurns(2)
  following.close()

  const { events } = following
  const [completed] = ofType(events, 'tool.completed')
  expect(completed).toMatchObject({ callId, status: 'ok', output: { passed: 'one', conversationId: id } })
  expect(completed?.turnId).toBeUndefined()
  expect(ofType(events, 'turn.started').map(({ trigger }) => trigger)).toEqual(['user', 'background'])
  expect(ofType(events, 'system.note')).toMatchObject([{ messageId: noteIdOf(callId), turnId: `${id}.t2` }])
  const roles = (await client.getConversation(id)).messages.map(({ role }) => role)
  expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant', 'note', 'assistant'])
  const [, , third] = await product.model.requests('one')
  expect(JSON.stringify(third?.body)).toContain(`{\\"status\\":\\"running\\",\\"callId\\":\\"${callId}\\"}`)
  expect(JSON.stringify(third?.body)).toContain(
    `The background call ${callId} of the tool watched has ended: ok.`,
  )
  expect(turnId).toBe(`${id}.t1`)
  await expectEachOnce(client, id, events)
  await expectSameTexts(client, id, events)
  expectTurnsToEndLast(events)
})

test('ends that come while a turn runs are told in one turn after it, behind what the user has written', async () => {
  const { id, following } = await startWatching('many', 3)
  await product.model.script('held', [textOf('Wait', { gate: 'held' }, '.'), noted])
  await client.postMessage(id, { text: 'Take your time [script:held]' })
  await product.model.until('held', 1, 'arrived')
  product.gates.open('many')
  await vi.waitFor(() => expect(ofType(following.events, 'tool.completed')).toHaveLength(3), patience)
  await client.postMessage(id, { text: 'And now? [script:held]' })
  const workflow = temporal.workflow.getHandle(workflowIdOf(id))
  await vi.waitFor(async () => {
    expect(await workflow.query<StatusAnswer>(queryNames.status)).toMatchObject({ queued: 4 })
  }, patience)
  await product.model.openGate('held')
  await following.untilTurns(3)
  following.close()

  const [, , third] = ofType(following.events, 'turn.started')
  expect(third).toMatchObject({ trigger: 'user' })
  const begun = ofType(following.events, 'round.started').find(({ turnId }) => turnId === `${id}.t3`)
  expect(begun?.messageIds).toHaveLength(3)
  expect((await client.getConversation(id)).queue).toEqual([])
  await expectSameTexts(client, id, following.events)
})

test('Stop ends the turn and leaves the call; a callId stops the call, without a word of the model', async () => {
  const talk = await startTalk(product, client, 'stop', [
    callsOf({ name: 'watched', arguments: { gate: 'stop', number: 0 } }),
    textOf('These words are', { gate: 'never' }),
    noted,
  ])
  const { id, turnId, following } = talk
  const callId = `${turnId}.r0.c0`
  await following.until(({ type }) => type === 'text.delta')
  await product.gates.untilArrived('stop')
  await client.cancelTurn(id)
  await following.untilTurns(1)
  expect((await client.getConversation(id)).calls).toMatchObject([{ callId, status: 'running' }])

  expect(await client.cancelCall(id, callId)).toMatchObject({ callId })
  const completed = await following.until(({ type }) => type === 'tool.completed')
  expect(completed).toMatchObject({ callId, status: 'cancelled', error: { code: 'stopped' } })
  expect(await client.cancelCall(id, callId)).toEqual({ turnId: null })
  await temporal.workflow.getHandle(callWorkflowIdOf(callId)).result()
  expect(await product.model.requests('stop')).toHaveLength(2)
  await client.postMessage(id, { text: 'Go on' })
  await following.untilTurns(2)
  following.close()
  const [, , told] = await product.model.requests('stop')
  expect(JSON.stringify(told?.body)).toContain(
    `The background call ${callId} of the tool watched has ended: cancelled.`,
  )
  await expectSameTexts(client, id, following.events)
})

test('a call whose workflow is gone can be stopped', async () => {
  const { id, callId, following } = await startWatching('gone', 1)
  await temporal.workflow.getHandle(callWorkflowIdOf(callId)).terminate('test')
  expect(await client.cancelCall(id, callId)).toMatchObject({ callId })
  expect(await following.until(({ type }) => type === 'tool.completed')).toMatchObject({
    status: 'cancelled',
  })
  following.close()
  expect((await client.getConversation(id)).calls).toEqual([])
})

test('behavior: the calls of a deleted conversation end silently, leave nothing and wake nobody', async () => {
  const { id, following } = await startWatching('deleted-MARK', 5)
  following.close()
  await client.deleteConversation(id)
  product.gates.open('deleted-MARK')
  const query = `WorkflowId STARTS_WITH '${callWorkflowPrefixOf(id)}' and ExecutionStatus = 'Running'`
  await vi.waitFor(async () => {
    expect((await temporal.workflow.count(query)).count).toBe(0)
  }, patience)
  await vi.waitFor(async () => {
    const text = await readDatabase()
    for (const left of [`${id}.t1.r0.c`, 'MARK']) expect(text).not.toContain(left)
  }, patience)
  expect(await product.model.requests('deleted-MARK')).toHaveLength(2)
})

test("error: somebody else's call is unknown", async () => {
  const { id, callId, following } = await startWatching('foreign', 1)
  following.close()
  const stranger = await product.login()
  await expect(stranger.cancelCall(id, callId)).rejects.toMatchObject({ code: 'not_found' })
  await expect(client.cancelCall(id, 'nothing')).rejects.toMatchObject({ code: 'not_found' })
  product.gates.open('foreign')
})
