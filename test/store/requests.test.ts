import { beforeEach, expect, test } from 'vitest'

import { deleteConversation } from '../../src/store/deletions.ts'
import { getRequest, keepAnswer, listRequests, resolveRequest } from '../../src/store/requests.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { permissionRequest, questionRequest } from './asked-requests.ts'
import { approve, type AskingTurn, createAskingTurn } from './asking-turn.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let asking: AskingTurn
let id: string
let owner: string
beforeEach(async () => {
  asking = await createAskingTurn(store)
  ;({ id, owner } = asking)
})

test('opens a request with the calls it is about, and the turn waits', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  expect(await asking.listSince('round.finished')).toMatchObject([
    { type: 'tool.started' },
    { type: 'conversation.updated', state: 'tools' },
    {
      type: 'request.opened',
      requestId,
      kind: 'permission',
      callId: callIds[0],
      card: { calls: [{ input: { to: 'bob', cc: null, amount: '1' } }] },
      expiresAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    },
    { type: 'conversation.updated', state: 'waiting' },
    { type: 'turn.waiting', requestIds: [requestId] },
  ])
  const { conversation, openRequests, calls } = await getSnapshot(database, owner, id)
  expect(conversation.state).toBe('waiting')
  expect(openRequests).toMatchObject([{ requestId, callId: callIds[0], conversationId: id }])
  expect(calls).toMatchObject([{ status: 'waiting' }])
})

test('behavior: the card is shown as it was made, in the event, the snapshot and the list', async () => {
  const { requestId, callIds } = await asking.askPermission(2)
  const card = JSON.stringify(permissionRequest('', 0, callIds).body)
  const opened = (await asking.readEvents()).find(({ type }) => type === 'request.opened')
  expect(opened).not.toHaveProperty('callId')
  expect(opened?.type === 'request.opened' && JSON.stringify(opened.card)).toBe(card)
  const { openRequests } = await getSnapshot(database, owner, id)
  expect(JSON.stringify(openRequests[0]?.card)).toBe(card)
  const { request } = await getRequest(database, owner, requestId)
  expect(request).toEqual(openRequests[0])
  expect(opened).toMatchObject({ expiresAt: request.expiresAt })
})

test('behavior: a repeated round opens nothing twice', async () => {
  await asking.askPermission(1)
  const before = await asking.readEvents()
  await asking.askPermission(1)
  expect(await asking.readEvents()).toEqual(before)
})

test('behavior: requests go with their conversation', async () => {
  const { requestId, callIds } = await asking.askPermission(1)
  await keepAnswer(database, { id: `${requestId}:a`, requestId, by: owner, ...approve(...callIds) })
  await deleteConversation(database, owner, id)
  expect(await asking.countAnswers()).toBe(0)
  expect(await resolveRequest(database, { conversationId: id, requestId }, null)).toBeUndefined()
  await expect(getRequest(database, owner, requestId)).rejects.toMatchObject({ code: 'not_found' })
})

test('behavior: lists what is open, the oldest first, of all conversations or of one', async () => {
  const first = await asking.askPermission(1)
  const other = await store.createConversation({ owner })
  const theirs = createTurnScript(database, other)
  await theirs.accept('m1')
  await theirs.begin(1, 0, ['m1'])
  const request = questionRequest(theirs.callOf(1, 0, 0))
  await theirs.ask(1, 0, { calls: 1, requests: [request] })
  const listIds = async (query: { conversationId?: string; open: boolean }) =>
    (await listRequests(database, { owner, ...query })).map(({ requestId }) => requestId)
  expect(await listIds({ open: true })).toEqual([first.requestId, request.id])
  expect(await listIds({ open: true, conversationId: other.id })).toEqual([request.id])
  await asking.answer(first.requestId, approve(...first.callIds))
  expect(await listIds({ open: true })).toEqual([request.id])
  expect(await listIds({ open: false })).toEqual([request.id, first.requestId])
})

test('error: somebody else’s request is not there', async () => {
  const { requestId } = await asking.askPermission(1)
  const stranger = await store.createOwner()
  await expect(getRequest(database, stranger, requestId)).rejects.toMatchObject({ code: 'not_found' })
  expect(await listRequests(database, { owner: stranger, open: false })).toEqual([])
})
