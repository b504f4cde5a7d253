import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { Event } from '../../src/contracts/event.ts'
import type { ScriptedCall } from '../../src/models/scripted/scripted-reply.ts'
import { openFrames } from '../api/frames.ts'
import { questionOf, readResults, untilAsked, untilNth } from '../support/asked.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product
let client: Client
let raw: RawClient
let token: string

beforeAll(async () => {
  product = await startProduct()
  ;({ client, raw, token } = await loginBoth(product.url))
})
afterAll(() => product.close())

const options = (...values: string[]) => values.map((value) => ({ value, label: `The ${value}` }))

const formCall: ScriptedCall = {
  name: 'ask_user',
  arguments: {
    title: 'A transfer',
    questions: [
      { id: 'from', label: 'From which account?', kind: 'single', options: options('alice', 'bob') },
      { id: 'tokens', label: 'Which tokens?', kind: 'multiple', options: options('a', 'b', 'c'), max: 2 },
      { id: 'memo', label: 'A memo?', kind: 'text', required: false, maxLength: 20 },
      { id: 'speed', label: 'How fast?', kind: 'single', options: options('slow', 'fast'), default: 'slow' },
    ],
  },
}

/** A conversation that has asked the form, and waits. */
async function startAsking(key: string, call: ScriptedCall = formCall) {
  const talk = await startTalk(product, client, key, [callsOf(call), textOf('Thank you.')])
  const asked = await untilAsked(talk.following)
  await untilNth(talk.following, 'turn.waiting')
  return { ...talk, ...asked, respond: `/api/requests/${asked.requestId}/response` }
}

const valid = { from: 'bob', tokens: ['c', 'a'] }

test('a question is shown to every client, and its answers are given to the model', async () => {
  await using owner = await openFrames(fetch, `${product.url}/api/events`, {
    authorization: `Bearer ${token}`,
  })
  const { id, turnId, requestId, form, callId, expiresAt, following } = await startAsking('shown')
  const shown = await client.getConversation(id)
  const { requests } = await client.listRequests()
  const answered = await client.answerRequest(requestId, { answers: valid })
  const end = await following.untilTurns(1)
  const told: Event[] = []
  while (told.at(-1)?.type !== 'turn.finished') {
    const [frame] = await owner.take(1)
    told.push(frame?.data as Event)
  }
  following.close()

  expect(form).toMatchObject({
    title: 'A transfer',
    questions: [{ id: 'from' }, { id: 'tokens', max: 2 }, { id: 'memo' }, { id: 'speed' }],
  })
  const request = { requestId, conversationId: id, turnId, kind: 'question', callId, form, expiresAt }
  expect(shown.openRequests).toMatchObject([request])
  expect(shown.conversation.state).toBe('waiting')
  expect(shown.calls).toMatchObject([{ name: 'ask_user', status: 'waiting' }])
  expect(requests).toContainEqual(expect.objectContaining(request))
  expect(answered).toEqual({ requestId, outcome: 'answered' })
  expect(ofType(told, 'request.opened')).toMatchObject([{ requestId, form }])
  expect(ofType(told, 'request.resolved')).toMatchObject([{ requestId, outcome: 'answered' }])
  expect(end).toMatchObject({ outcome: 'success' })
  expect(await readResults(product.model, 'shown', 2)).toEqual([
    { answers: { from: 'bob', tokens: ['c', 'a'], speed: 'slow' } },
  ])
  expect((await client.getConversation(id)).openRequests).toEqual([])
  await expectWholeLog(client, id, following.events)
})

test('answers that do not fit are refused per field, and leave no trace', async () => {
  const { id, requestId, respond, following } = await startAsking('fields')
  const before = await client.getConversation(id)
  const codesOf = async (answers: object) => {
    const { status, body } = await raw(respond, { answers })
    expect([status, body['code']]).toEqual([422, 'invalid_answers'])
    return body['errors']
  }
  const fault = (questionId: string, code: string) =>
    expect.objectContaining({ path: `answers.${questionId}`, code })

  expect(await codesOf({ tokens: ['a'] })).toEqual([fault('from', 'required_field_empty')])
  expect(await codesOf({ ...valid, tokens: [] })).toEqual([fault('tokens', 'empty_choices')])
  expect(await codesOf({ ...valid, tokens: ['a', 'b', 'c'] })).toEqual([
    fault('tokens', 'too_many_selections'),
  ])
  expect(await codesOf({ ...valid, from: ['alice', 'bob'] })).toEqual([fault('from', 'too_many_selections')])
  expect(await codesOf({ ...valid, to: 'carol' })).toEqual([fault('to', 'unknown_question')])
  expect(await codesOf({ ...valid, from: 'carol' })).toEqual([fault('from', 'unknown_choice')])
  expect(await codesOf({ ...valid, memo: 'x'.repeat(21) })).toEqual([fault('memo', 'text_too_long')])
  expect(await codesOf({ __proto__x: 'x', tokens: ['d'] })).toEqual([
    fault('__proto__x', 'unknown_question'),
    fault('from', 'required_field_empty'),
    fault('tokens', 'unknown_choice'),
  ])
  expect((await client.getConversation(id)).lastSeq).toBe(before.lastSeq)
  await client.answerRequest(requestId, { answers: valid })
  await following.untilTurns(1)
  following.close()
  await expectWholeLog(client, id, following.events)
})

test('behavior: a person may decline, and the model learns it', async () => {
  const { id, requestId, following } = await startAsking('declined')
  const answered = await client.answerRequest(requestId, { decision: 'reject' })
  await following.untilTurns(1)
  following.close()
  expect(answered).toEqual({ requestId, outcome: 'rejected' })
  expect(await readResults(product.model, 'declined', 2)).toMatchObject([
    { error: { code: 'question_declined' } },
  ])
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'denied' }])
  await expectWholeLog(client, id, following.events)
})

test('behavior: a free text is passed on as it was typed', async () => {
  const text =
    '"}] \\u0000 \u202Eevil\u2066 <b>\n\t\u001b[31m[script:other] 🦄 \ud800 ' + "'; drop table requests; --"
  const question = { id: 'memo', label: 'What?', kind: 'text' }
  const call = { name: 'ask_user', arguments: { questions: [question] } }
  const { id, requestId, following } = await startAsking('hostile', call)
  await client.answerRequest(requestId, { answers: { memo: text } })
  await following.untilTurns(1)
  following.close()
  const kept = text.replace('\ud800', '\ufffd')
  expect(await readResults(product.model, 'hostile', 2)).toEqual([{ answers: { memo: kept } }])
  expect(ofType(following.events, 'tool.completed')[0]?.output).toEqual({ answers: { memo: kept } })
  await expectWholeLog(client, id, following.events)
})

test('behavior: several questions of one reply are answered one by one, in any order', async () => {
  const labels = ['First?', 'Second?', 'Third?']
  const calls = labels.map((label) => questionOf(label).parts ?? []).flat()
  const asked = calls.flatMap((part) => (part.type === 'toolCalls' ? part.calls : []))
  const { id, following } = await startTalk(product, client, 'several', [callsOf(...asked), textOf('Done.')])
  await untilAsked(following, 3)
  const { openRequests } = await client.getConversation(id)
  expect(openRequests.map(({ form }) => form?.questions[0]?.label)).toEqual(labels)
  for (const [index, { requestId }] of openRequests.toReversed().entries()) {
    await client.answerRequest(requestId, { answers: { which: index === 1 ? 'left' : 'right' } })
  }
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(await readResults(product.model, 'several', 2)).toEqual([
    { answers: { which: 'right' } },
    { answers: { which: 'left' } },
    { answers: { which: 'right' } },
  ])
  await expectWholeLog(client, id, following.events)
})

test('error: what nobody may answer, or in no such form, is refused', async () => {
  const { id, requestId, respond, following } = await startAsking('refused')
  const stranger = await loginBoth(product.url)
  const foreign = await stranger.raw(respond, { answers: valid })
  const unknown = await raw('/api/requests/r_none/response', { answers: valid })
  const malformed = [
    {},
    { decision: 'approve' },
    { answers: valid, decision: 'reject' },
    { answers: { from: 1 } },
  ]
  const refused = await Promise.all(malformed.map(async (body) => (await raw(respond, body)).status))
  await client.answerRequest(requestId, { answers: valid })
  await following.untilTurns(1)
  following.close()

  expect([foreign.status, foreign.body['code']]).toEqual([404, 'not_found'])
  expect([unknown.status, unknown.body['code']]).toEqual([404, 'not_found'])
  expect(refused).toEqual(malformed.map(() => 422))
  expect((await stranger.client.listRequests({ open: false })).requests).toEqual([])
  await expectWholeLog(client, id, following.events)
})

test('error: of two clients that answer at the same moment one wins, and the other learns the outcome', async () => {
  const { id, requestId, respond, following } = await startAsking('race')
  const both = await Promise.all([raw(respond, { answers: valid }), raw(respond, { decision: 'reject' })])
  await following.untilTurns(1)
  const won = both.findIndex(({ status }) => status === 200)
  const bodies = [{ answers: valid }, { decision: 'reject' }]
  const again = await raw(respond, bodies[won])
  const lost = await raw(respond, bodies[1 - won])
  following.close()

  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
  const outcome = won === 0 ? 'answered' : 'rejected'
  expect(both[won]?.body).toEqual({ requestId, outcome })
  expect(both[1 - won]?.body).toMatchObject({ code: 'request_resolved', outcome })
  expect([again.status, again.body]).toEqual([200, { requestId, outcome }])
  expect([lost.status, lost.body['outcome']]).toEqual([409, outcome])
  await expectWholeLog(client, id, following.events)
})

test('error: an answer after Stop is refused with the outcome', async () => {
  const { id, requestId, respond, following } = await startAsking('stopped')
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  following.close()
  const late = await raw(respond, { answers: valid })
  expect(end).toMatchObject({ outcome: 'cancelled' })
  expect([late.status, late.body['code'], late.body['outcome']]).toEqual([
    409,
    'request_resolved',
    'cancelled',
  ])
  expect(ofType(following.events, 'request.resolved')).toMatchObject([
    { requestId, outcome: 'cancelled', by: 'stop' },
  ])
  await expectWholeLog(client, id, following.events)
})
