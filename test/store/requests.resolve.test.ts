import { beforeEach, expect, test } from 'vitest'

import { getRequest, keepAnswer, resolveRequest } from '../../src/store/requests.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { endLostTurn, listOpenCalls } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { form } from './asked-requests.ts'
import { approve, type AskingTurn, createAskingTurn, reject } from './asking-turn.ts'
import type { TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let asking: AskingTurn
let id: string
let owner: string
let turn: TurnScript
beforeEach(async () => {
  asking = await createAskingTurn(store)
  ;({ id, owner, turn } = asking)
})

test('default: an approved call may run', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  expect(await asking.answer(requestId, approve(...callIds))).toMatchObject({
    repeated: false,
    outcome: 'approved',
    calls: { [String(callIds[0])]: 'run' },
  })
  expect(await asking.listSince('turn.waiting')).toEqual([
    { type: 'request.resolved', requestId, outcome: 'approved', by: owner },
    { type: 'conversation.updated', state: 'tools' },
  ])
  expect(await getRequest(database, owner, requestId)).toMatchObject({
    answerId: `${requestId}:a_1`,
    request: { outcome: 'approved', by: owner, resolvedAt: expect.any(String) },
  })
  expect((await getSnapshot(database, owner, id)).openRequests).toEqual([])
})

test('behavior: a rejected call ends once, and the model is told why', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  await asking.answer(requestId, reject(...callIds))
  expect(await asking.listSince('turn.waiting')).toMatchObject([
    { type: 'request.resolved', outcome: 'rejected' },
    {
      type: 'tool.completed',
      callId: callIds[0],
      status: 'denied',
      error: { code: 'permission_rejected', retryable: false },
    },
    { type: 'conversation.updated', state: 'tools' },
  ])
  const { messages } = await getSnapshot(database, owner, id)
  expect(messages.at(-1)).toMatchObject({ role: 'tool', callId: callIds[0], state: 'done' })
  expect(messages.at(-1)?.text).toContain('permission_rejected')
  expect(await turn.endCall(1, 0, 0)).toBe('denied')
})

test('behavior: each call of a batch is decided by itself', async () => {
  const { requestId, callIds } = await asking.askPermission(3)
  const [first = '', second = '', third = ''] = callIds
  const body = {
    // One that is not named is not approved.
    decisions: { [first]: 'approve' as const, [second]: 'reject' as const },
    grants: [],
  }
  const resolved = await asking.answer(requestId, { outcome: 'approved', body })
  expect(resolved?.calls).toEqual({ [first]: 'run', [second]: 'denied', [third]: 'denied' })
  expect(await listOpenCalls(database, turn.turnIdOf(1))).toEqual([first])
  const events = await asking.listSince('turn.waiting')
  expect(events[0]).toMatchObject({ type: 'request.resolved', decisions: body.decisions })
  expect(events.filter(({ type }) => type === 'tool.completed')).toHaveLength(2)
  expect(await asking.answer(requestId, approve(...callIds))).toEqual({ ...resolved, repeated: true })
})

test('behavior: answers are the result of the call that asked', async () => {
  const { requestId, callId } = await asking.askQuestion()
  const { openRequests } = await getSnapshot(database, owner, id)
  expect(openRequests).toMatchObject([{ requestId, callId, form }])
  const resolved = await asking.answer(requestId, {
    outcome: 'answered',
    body: { answers: { net: 'Base\0' } },
  })
  expect(resolved).toMatchObject({ outcome: 'answered', calls: { [callId]: 'ok' } })
  expect(await asking.listSince('turn.waiting')).toMatchObject([
    { type: 'request.resolved', outcome: 'answered' },
    { type: 'tool.completed', status: 'ok', output: { answers: { net: 'Base\uFFFD' } } },
    { type: 'conversation.updated', state: 'tools' },
  ])
})

test.for([
  ['declined', 'question_declined'],
  ['unanswered', 'no_answer'],
] as const)('behavior: a question that is %s denies its call', async ([how, code]) => {
  const { requestId, callId } = await asking.askQuestion()
  const resolved =
    how === 'declined'
      ? await asking.answer(requestId, { outcome: 'rejected', body: { declined: true } })
      : await resolveRequest(database, { conversationId: id, requestId }, null)
  expect(resolved).toMatchObject({
    outcome: how === 'declined' ? 'rejected' : 'expired',
    calls: { [callId]: 'denied' },
  })
  expect((await asking.listSince('turn.waiting'))[1]).toMatchObject({ status: 'denied', error: { code } })
})

test('behavior: no answer means no', async () => {
  const { requestId, callIds } = await asking.askPermission(2)
  expect(await resolveRequest(database, { conversationId: id, requestId }, null)).toMatchObject({
    outcome: 'expired',
    answerId: null,
    calls: Object.fromEntries(callIds.map((callId) => [callId, 'denied'])),
  })
  const [resolved, ...ends] = await asking.listSince('turn.waiting')
  expect(resolved).toEqual({ type: 'request.resolved', requestId, outcome: 'expired', by: 'time' })
  expect(ends.slice(0, 2)).toMatchObject([
    { error: { code: 'permission_expired' } },
    { error: { code: 'permission_expired' } },
  ])
})

test('behavior: of many answers in the same moment one counts, and all learn which', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  const resolved = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      asking.answer(requestId, index % 2 === 0 ? approve(...callIds) : reject(...callIds), `a_${index}`),
    ),
  )
  expect(resolved.filter((each) => each?.repeated === false)).toHaveLength(1)
  expect(new Set(resolved.map((each) => `${each?.outcome} ${each?.answerId}`)).size).toBe(1)
  const types = (await asking.readEvents()).map(({ type }) => type)
  expect(types.filter((type) => type === 'request.resolved')).toHaveLength(1)
  expect(types.filter((type) => type === 'tool.completed').length).toBeLessThan(2)
})

test('behavior: an answer that does not count leaves nothing', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  const keep = (answerId: string) =>
    keepAnswer(database, { id: answerId, requestId, by: owner, ...reject(...callIds) })
  await keep(`${requestId}:other`)
  await keep(`${requestId}:other`)
  expect(await asking.countAnswers()).toBe(1)
  await asking.answer(requestId, approve(...callIds))
  expect(await asking.countAnswers()).toBe(1)
  await keep(`${requestId}:late`)
  expect(await asking.countAnswers()).toBe(1)
})

test.for(['stop', 'lost'] as const)(
  'behavior: the end of a turn (%s) closes what it asks for, and later answers learn that',
  async (how) => {
    const { requestId, callIds } = await asking.askPermission(2)
    const kept = `${requestId}:early`
    await keepAnswer(database, { id: kept, requestId, by: owner, ...approve(...callIds) })
    if (how === 'stop') await turn.stop(1)
    else await endLostTurn(database, id, turn.turnIdOf(1))
    expect((await asking.listSince('turn.waiting')).map(({ type }) => type)).toEqual(
      [
        'request.resolved',
        'tool.completed',
        'tool.completed',
        how === 'stop' && 'conversation.updated',
        'turn.finished',
      ].filter((type) => type !== false),
    )
    const before = await asking.readEvents()
    expect(await resolveRequest(database, { conversationId: id, requestId }, kept)).toMatchObject({
      repeated: true,
      outcome: 'cancelled',
      answerId: null,
    })
    expect(await resolveRequest(database, { conversationId: id, requestId }, null)).toMatchObject({
      outcome: 'cancelled',
    })
    expect(await asking.readEvents()).toEqual(before)
    expect(await getSnapshot(database, owner, id)).toMatchObject({
      conversation: { state: 'idle' },
      openRequests: [],
    })
  },
)

test('behavior: an answer of another request does not count', async () => {
  const { requestId } = await asking.askPermission(1)
  expect(await resolveRequest(database, { conversationId: id, requestId }, 'unknown')).toBeUndefined()
  const other = await store.createConversation()
  expect(await resolveRequest(database, { conversationId: other.id, requestId }, null)).toBeUndefined()
  expect((await getRequest(database, owner, requestId)).request.outcome).toBeUndefined()
})

test('behavior: the time in which a person is waited for does not count for the turn', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  const hourMs = 3_600_000
  const [row] = await database.rows<{ started: Date }>(
    'wait_longer',
    `update conversations set waiting_since = waiting_since - interval '1 hour' where id = $1
       returning turn_started_at as started`,
    [id],
  )
  await asking.answer(requestId, reject(...callIds))
  const begun = await turn.begin(1, 1)
  const movedMs = begun.outcome === 'run' ? begun.startedAtMs - (row?.started.getTime() ?? 0) : 0
  expect(movedMs).toBeGreaterThanOrEqual(hourMs)
  expect(movedMs).toBeLessThan(hourMs + 60_000)
})
