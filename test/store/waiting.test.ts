import { beforeEach, expect, test } from 'vitest'

import type { ConversationState } from '../../src/contracts/conversation.ts'
import { keepAnswer, resolveRequest } from '../../src/store/requests.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { stopTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { askedPermission, permissionRequest, questionRequest } from './asked-requests.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let turn: TurnScript
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
})

type CallState = 'runs' | 'waits' | 'ended'

const combinations: CallState[][] = ['runs', 'waits', 'ended'].flatMap((first) =>
  ['runs', 'waits', 'ended'].map((second) => [first, second] as CallState[]),
)

/** The state of the conversation, which its events and its snapshot must agree on. */
async function stateNow(): Promise<ConversationState> {
  const events = await turn.readEvents()
  const told = events.flatMap((event) =>
    event.type === 'conversation.updated' && event.state !== undefined ? [event.state] : [],
  )
  const { conversation } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(conversation.state).toBe(told.at(-1))
  return conversation.state
}

/** What `turn.waiting` has named so far. */
async function listWaits(): Promise<string[][]> {
  const events = await turn.readEvents()
  return events.flatMap((event) => (event.type === 'turn.waiting' ? [event.requestIds] : []))
}

/** Asks about the calls at these places, each by itself. */
async function ask(calls: number, asked: readonly number[]): Promise<string[]> {
  const requests = asked.map((index) => questionRequest(turn.callOf(1, 0, index)))
  await turn.ask(1, 0, { calls, requests })
  return requests.map(({ id: requestId }) => requestId)
}

async function decide(requestId: string, callId: string, decision: 'approve' | 'reject'): Promise<void> {
  const answerId = `${requestId}:a`
  const outcome = decision === 'approve' ? 'approved' : 'rejected'
  const body = { decisions: { [callId]: decision }, grants: [] }
  await keepAnswer(database, { id: answerId, requestId, by: turn.owner, outcome, body })
  await resolveRequest(database, { conversationId: turn.conversationId, requestId }, answerId)
}

test.for(combinations)('waits only when nothing else runs: one call %s, one %s', async (states) => {
  await ask(
    2,
    states.flatMap((state, index) => (state === 'waits' ? [index] : [])),
  )
  for (const [index, state] of states.entries()) if (state === 'ended') await turn.endCall(1, 0, index)
  const waits = states.includes('waits') && !states.includes('runs')
  expect(await stateNow()).toBe(waits ? 'waiting' : 'tools')
  expect(await listWaits()).toHaveLength(waits ? 1 : 0)
})

test('behavior: waits again when an approved call has ended, and names what is still open', async () => {
  const callIds = [0, 1].map((index) => turn.callOf(1, 0, index))
  const permission = permissionRequest(turn.turnIdOf(1), 0, callIds.slice(0, 1))
  const question = questionRequest(callIds[1] ?? '')
  await turn.ask(1, 0, {
    calls: 2,
    requests: [permission, question],
    permissions: [askedPermission(callIds[0] ?? '')],
  })
  expect(await stateNow()).toBe('waiting')
  await decide(permission.id, callIds[0] ?? '', 'approve')
  expect(await stateNow()).toBe('tools')
  await turn.endCall(1, 0, 0)
  expect(await stateNow()).toBe('waiting')
  expect(await listWaits()).toEqual([[permission.id, question.id], [question.id]])
})

test('behavior: a rejection leaves the turn waiting for the rest', async () => {
  const [first = '', second = ''] = await ask(2, [0, 1])
  await decide(first, turn.callOf(1, 0, 0), 'reject')
  expect(await stateNow()).toBe('waiting')
  await decide(second, turn.callOf(1, 0, 1), 'reject')
  expect(await stateNow()).toBe('tools')
  expect(await listWaits()).toHaveLength(1)
})

test('behavior: a turn that is being stopped stays so', async () => {
  const [requestId = ''] = await ask(2, [0])
  await stopTurn(database, turn.owner, turn.conversationId, undefined)
  await turn.endCall(1, 0, 1)
  expect(await stateNow()).toBe('cancelling')
  await decide(requestId, turn.callOf(1, 0, 0), 'reject')
  expect(await stateNow()).toBe('cancelling')
  expect(await listWaits()).toEqual([])
})

test('behavior: an end that comes after its turn changes nothing', async () => {
  await ask(2, [0])
  await turn.stop(1)
  await turn.accept('m2')
  await turn.begin(2, 0, ['m2'])
  const before = await turn.readEvents()
  await turn.endCall(1, 0, 1)
  expect(await turn.readEvents()).toEqual(before)
  expect(await stateNow()).toBe('thinking')
})
