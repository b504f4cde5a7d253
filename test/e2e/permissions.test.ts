import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { ConversationFields } from '../../src/client/api-answers.ts'
import type { Event } from '../../src/contracts/event.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { feltCall, questionOf, readResults, untilAsked, untilNth } from '../support/asked.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  product = await startProduct()
  ;({ client, raw } = await loginBoth(product.url))
})
afterAll(() => product.close())

async function startIn(fields: ConversationFields, key: string, replies: ScriptedReply[]) {
  await product.model.script(key, replies)
  const { id } = await client.createConversation(fields)
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  return { id, following }
}

/** A conversation that has asked for three calls that others could feel, in one reply. */
async function startBatch(key: string) {
  const gates = [0, 1, 2].map((index) => `${key}-${index}`)
  for (const gate of gates) product.gates.open(gate)
  const replies = [callsOf(...gates.map((gate) => feltCall(gate))), textOf('Done.')]
  const talk = await startIn({}, key, replies)
  const { requestId, card, callId } = await untilAsked(talk.following)
  const callIds = (card?.calls ?? []).map((call) => call.callId)
  return { ...talk, requestId, card, callId, callIds, arrivals: () => gates.map(product.gates.arrivals) }
}

/** What was decided about each call before it ran, in the order of the calls. */
function listDecisions(events: readonly Event[]) {
  return ofType(events, 'tool.started').map(({ name, permission }) => [
    name,
    permission?.decision,
    permission?.rule,
  ])
}

async function readRecorded(conversationId: string): Promise<unknown[]> {
  const database = new pg.Client({ connectionString: product.databaseUrl })
  await database.connect()
  const { rows } = await database.query<{ permission: unknown }>(
    'select permission from tool_calls where conversation_id = $1 order by id',
    [conversationId],
  )
  await database.end()
  return rows.map(({ permission }) => permission)
}

const ok = (key: string) => [0, 1, 2].map((index) => ({ done: `${key}-${index}` }))
const rejected = { error: { code: 'permission_rejected' } }

test('one prompt stands for a batch, and once approved each call runs once', async () => {
  const { id, following, requestId, card, callId, arrivals } = await startBatch('approved')
  await untilNth(following, 'turn.waiting')
  const waiting = await client.getConversation(id)
  const before = arrivals()
  const answered = await client.answerRequest(requestId, { decision: 'approve' })
  const end = await following.untilTurns(1)
  following.close()

  expect(ofType(following.events, 'request.opened')).toHaveLength(1)
  expect(callId).toBeUndefined()
  expect(card?.calls).toMatchObject(
    [0, 1, 2].map((index) => ({
      tool: 'felt',
      title: `Felt approved-${index}`,
      effect: 'external',
      input: { gate: `approved-${index}` },
      rule: 'policy:allowReads',
    })),
  )
  expect(waiting.conversation.state).toBe('waiting')
  expect(waiting.calls.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting'])
  expect([before, arrivals()]).toEqual([
    [0, 0, 0],
    [1, 1, 1],
  ])
  expect(answered).toEqual({ requestId, outcome: 'approved' })
  expect(end).toMatchObject({ outcome: 'success' })
  expect(await readResults(product.model, 'approved', 2)).toEqual(ok('approved'))
  await expectWholeLog(client, id, following.events)
})

test('once rejected nothing of the batch runs, and the model learns it', async () => {
  const { id, following, requestId, arrivals } = await startBatch('rejected')
  await client.answerRequest(requestId, { decision: 'reject' })
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(arrivals()).toEqual([0, 0, 0])
  expect(await readResults(product.model, 'rejected', 2)).toMatchObject([rejected, rejected, rejected])
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(
    Array<string>(3).fill('denied'),
  )
  await expectWholeLog(client, id, following.events)
})

test('decided call by call, the model is given mixed results in the order of its calls', async () => {
  const { id, following, requestId, callIds, arrivals } = await startBatch('mixed')
  const decisions = Object.fromEntries(
    callIds.map((callId, index) => [callId, index === 1 ? ('reject' as const) : ('approve' as const)]),
  )
  const { [callIds[2] ?? '']: _, ...incomplete } = decisions
  const refused = await raw(`/api/requests/${requestId}/response`, { decisions: incomplete })
  const answered = await client.answerRequest(requestId, { decisions })
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()

  expect([refused.status, refused.body['code']]).toEqual([422, 'invalid_request'])
  expect(answered).toEqual({ requestId, outcome: 'approved' })
  expect(arrivals()).toEqual([1, 0, 1])
  const [first, , third] = ok('mixed')
  expect(await readResults(product.model, 'mixed', 2)).toMatchObject([first, rejected, third].map(Object))
  expect(ofType(following.events, 'request.resolved')).toMatchObject([{ decisions }])
  await expectWholeLog(client, id, following.events)
})

test('calls that need no permission run at once, beside those that wait', async () => {
  const replies = [
    callsOf(
      feltCall('beside-felt'),
      { name: 'gated', arguments: { gate: 'beside-read' } },
      { name: 'no_such_tool', arguments: {} },
    ),
    textOf('Done.'),
  ]
  product.gates.open('beside-felt')
  const { id, following } = await startIn({}, 'beside', replies)
  const { requestId, card } = await untilAsked(following)
  await product.gates.untilArrived('beside-read')
  const running = await client.getConversation(id)
  product.gates.open('beside-read')
  await untilNth(following, 'turn.waiting')
  await client.answerRequest(requestId, { decision: 'approve' })
  await following.untilTurns(1)
  following.close()

  expect(card?.calls.map(({ tool }) => tool)).toEqual(['felt'])
  expect(running.conversation.state).toBe('tools')
  expect(running.calls.map(({ name, status }) => [name, status])).toEqual([
    ['felt', 'waiting'],
    ['gated', 'running'],
    ['no_such_tool', 'error'],
  ])
  expect(await readResults(product.model, 'beside', 2)).toMatchObject([
    { done: 'beside-felt' },
    { passed: 'beside-read' },
    { error: { code: 'tool_unknown' } },
  ])
  await expectWholeLog(client, id, following.events)
})

test('behavior: with policy ask every tool asks, except one that asks by itself', async () => {
  product.gates.open('ask')
  const asksBoth: ScriptedReply = callsOf(
    { name: 'gated', arguments: { gate: 'ask' } },
    ...(questionOf().parts ?? []).flatMap((part) => (part.type === 'toolCalls' ? part.calls : [])),
  )
  const { id, following } = await startIn({ permissions: 'ask' }, 'ask', [asksBoth, textOf('Done.')])
  await untilAsked(following, 2)
  const { openRequests } = await client.getConversation(id)
  for (const { requestId, kind } of openRequests) {
    const answer = kind === 'question' ? { answers: { which: 'left' } } : { decision: 'approve' as const }
    await client.answerRequest(requestId, answer)
  }
  await following.untilTurns(1)
  following.close()

  expect(openRequests.map(({ kind }) => kind)).toEqual(['permission', 'question'])
  expect(listDecisions(following.events)).toEqual([
    ['gated', 'ask', 'policy:ask'],
    ['ask_user', 'allow', 'policy:ask'],
  ])
  await expectWholeLog(client, id, following.events)
})

test('behavior: denyAll asks nobody and runs unattended to its end', async () => {
  const replies = [
    callsOf(feltCall('unattended'), { name: 'gated', arguments: { gate: 'unattended' } }),
    questionOf(),
    textOf('Left out.'),
  ]
  const { id, following } = await startIn({ permissions: 'denyAll' }, 'unattended', replies)
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'request.opened')).toEqual([])
  const denied = { error: { code: 'permission_denied', message: expect.stringContaining('unattended') } }
  expect(await readResults(product.model, 'unattended', 2)).toMatchObject([denied, denied])
  expect(await readResults(product.model, 'unattended', 3)).toMatchObject([denied])
  expect(product.gates.arrivals('unattended')).toBe(0)
  expect(listDecisions(following.events)).toEqual([
    ['felt', 'deny', 'policy:denyAll'],
    ['gated', 'deny', 'policy:denyAll'],
    ['ask_user', 'deny', 'policy:denyAll'],
  ])
  await expectWholeLog(client, id, following.events)
})

test('behavior: a change of the policy counts from the next turn on', async () => {
  const gates = ['change-0', 'change-1', 'change-2']
  const calls = gates.map((gate) => callsOf({ name: 'gated', arguments: { gate } }))
  const [first = textOf(), second = textOf(), third = textOf()] = calls
  const { id, following } = await startIn({}, 'change', [
    first,
    second,
    textOf('One.'),
    third,
    textOf('Two.'),
  ])
  await product.gates.untilArrived('change-0')
  const changed = await client.updateConversation(id, { permissions: 'denyAll' })
  for (const gate of gates) product.gates.open(gate)
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Again' })
  await following.untilTurns(2)
  following.close()

  expect(changed.permissions).toBe('denyAll')
  expect(gates.map(product.gates.arrivals)).toEqual([1, 1, 0])
  expect(listDecisions(following.events).map(([, decision]) => decision)).toEqual(['allow', 'allow', 'deny'])
  await expectWholeLog(client, id, following.events)
})

test('behavior: what was decided, by which rule and by whom is recorded', async () => {
  const { id, following, requestId, callIds } = await startBatch('recorded')
  const [first = '', ...others] = callIds
  const decisions = Object.fromEntries(callIds.map((callId) => [callId, 'approve' as const]))
  await client.answerRequest(requestId, { decisions: { ...decisions, [first]: 'reject' } })
  await following.untilTurns(1)
  following.close()
  const { id: owner } = await client.getOwner()

  const verdict = { decision: 'ask', rule: 'policy:allowReads' }
  const recorded = (outcome: string) => expect.objectContaining({ verdict, requestId, outcome, by: owner })
  expect(others).toHaveLength(2)
  expect(await readRecorded(id)).toEqual([recorded('rejected'), recorded('approved'), recorded('approved')])
  expect(listDecisions(following.events)).toEqual(
    Array<unknown>(3).fill(['felt', 'ask', 'policy:allowReads']),
  )
})
