import { beforeEach, expect, test } from 'vitest'

import type { GrantedTarget } from '../../src/store/requests.ts'
import { askAgain, keepAnswer, resolveRequest } from '../../src/store/requests.ts'
import { deleteConversation } from '../../src/store/deletions.ts'
import { listGrants, revokeGrant } from '../../src/store/grants.ts'
import { beginToolTry, endToolTry, finishStep } from '../../src/store/tool-calls.ts'
import { createStore } from '../support/store.ts'
import { askedPermission, grantedPermission, itemOf, permissionRequest } from './asked-requests.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let turn: TurnScript
let callId: string
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  callId = turn.callOf(1, 1, 0)
})

const hour = { expiresInSeconds: 3_600 }

/** Approves one call of round 0 with these grants, which end the round; returns their ids. */
async function grant(...grants: GrantedTarget[]): Promise<string[]> {
  const asked = turn.callOf(1, 0, 0)
  const request = permissionRequest(turn.turnIdOf(1), 0, [asked])
  await turn.ask(1, 0, { calls: 1, requests: [request], permissions: [askedPermission(asked)] })
  const answerId = `${request.id}:a`
  await keepAnswer(database, {
    id: answerId,
    requestId: request.id,
    outcome: 'approved',
    by: turn.owner,
    body: { decisions: { [asked]: 'approve' }, grants },
  })
  await resolveRequest(database, { conversationId: turn.conversationId, requestId: request.id }, answerId)
  await resolveRequest(database, { conversationId: turn.conversationId, requestId: request.id }, answerId)
  await turn.endCall(1, 0, 0)
  await turn.begin(1, 1)
  return grants.map((_, index) => `${answerId}.g${index}`)
}

async function expire(grantId: string): Promise<void> {
  await database.rows('expire', `update grants set expires_at = now() where id = $1`, [grantId])
}

/** Asks for one call in round 1 that these grants have allowed. */
async function askGranted(grantIds: string[], steps?: string[]): Promise<void> {
  await turn.ask(1, 1, {
    calls: 1,
    permissions: [grantedPermission(callId, ...grantIds)],
    ...(steps === undefined ? {} : { steps }),
  })
}

const ref = () => ({ conversationId: turn.conversationId, turnId: turn.turnIdOf(1), callId })

test('an approval makes the grants that it asks for, once', async () => {
  const [first, second] = await grant(
    { tool: 'send_note', conversationId: turn.conversationId, ...hour },
    { tool: 'send_note', chainId: 1, contract: '0xAb', ...hour },
  )
  const grants = await listGrants(database, turn.owner)
  expect(grants.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
    {
      id: first,
      tool: 'send_note',
      conversationId: turn.conversationId,
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      requestId: expect.any(String),
    },
    {
      id: second,
      tool: 'send_note',
      chainId: 1,
      contract: '0xAb',
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      requestId: expect.any(String),
    },
  ])
  const [one] = grants
  expect(Date.parse(one?.expiresAt ?? '') - Date.parse(one?.createdAt ?? '')).toBe(3_600_000)
})

test('behavior: revoked and expired grants are not listed, and a repeat changes nothing', async () => {
  const [first = '', second = ''] = await grant({ tool: 'a', ...hour }, { effect: 'read', ...hour })
  await revokeGrant(database, turn.owner, first)
  await revokeGrant(database, turn.owner, first)
  await expire(second)
  expect(await listGrants(database, turn.owner)).toEqual([])
})

test('behavior: a grant of a conversation goes with it, one for all stays', async () => {
  const [, everywhere] = await grant(
    { tool: 'a', conversationId: turn.conversationId, ...hour },
    { tool: 'a', ...hour },
  )
  await deleteConversation(database, turn.owner, turn.conversationId)
  expect((await listGrants(database, turn.owner)).map((each) => each.id)).toEqual([everywhere])
})

test('error: somebody else’s grant is not there', async () => {
  const [first = ''] = await grant({ tool: 'a', ...hour })
  const stranger = await store.createOwner()
  expect(await listGrants(database, stranger)).toEqual([])
  await expect(revokeGrant(database, stranger, first)).rejects.toMatchObject({ code: 'not_found' })
  expect(await listGrants(database, turn.owner)).toHaveLength(1)
})

test('a granted call runs while its grants hold', async () => {
  const grantIds = await grant({ tool: 'a', ...hour }, { tool: 'b', ...hour })
  await askGranted(grantIds)
  expect(await beginToolTry(database, callId, null)).toMatchObject({ outcome: 'run', failed: 0, lost: 0 })
})

test.for(['revoked', 'expired'] as const)(
  'behavior: a call begins no more when one of its grants is %s',
  async (how) => {
    const grantIds = await grant({ tool: 'a', ...hour }, { tool: 'b', ...hour })
    await askGranted(grantIds)
    if (how === 'revoked') await revokeGrant(database, turn.owner, grantIds[1] ?? '')
    else await expire(grantIds[1] ?? '')
    const ungranted = {
      outcome: 'ungranted',
      owner: turn.owner,
      permissions: 'allowReads',
      permission: grantedPermission(callId, ...grantIds),
    }
    expect(await beginToolTry(database, callId, null)).toEqual(ungranted)
    expect(await beginToolTry(database, callId, null)).toEqual(ungranted)
  },
)

test('behavior: a call that has begun goes on when its grant is gone', async () => {
  const [first = ''] = await grant({ tool: 'a', ...hour })
  await askGranted([first], ['one', 'two'])
  await beginToolTry(database, callId, 0)
  await revokeGrant(database, turn.owner, first)
  await endToolTry(database, callId, true)
  expect(await beginToolTry(database, callId, 0)).toMatchObject({ outcome: 'run', failed: 1 })
  await finishStep(database, { ...ref(), stepIndex: 0, stepCount: 2, step: 'one' }, '1', [])
  expect(await beginToolTry(database, callId, 1)).toMatchObject({ outcome: 'run', earlier: { one: 1 } })
})

test('behavior: a person is asked instead, once, and the call runs when approved', async () => {
  const [first = ''] = await grant({ tool: 'a', ...hour })
  await askGranted([first])
  await revokeGrant(database, turn.owner, first)
  await beginToolTry(database, callId, null)
  const body = { calls: [itemOf(callId)] }
  const request = { id: `${callId}.q0`, kind: 'permission' as const, callIds: [callId], body }
  const ask = (expiresAtMs: number) =>
    askAgain(database, ref(), askedPermission(callId), { ...request, expiresAtMs })
  const expiresAtMs = Date.now() + 60_000
  const opened = { requestId: request.id, kind: 'permission', expiresAtMs }
  expect(await ask(expiresAtMs)).toEqual(opened)
  const events = await turn.readEvents()
  expect(events.slice(-3).map(({ type }) => type)).toEqual([
    'request.opened',
    'conversation.updated',
    'turn.waiting',
  ])
  // The activity died before it could say so, and is repeated: it must neither run the call nor ask anew.
  expect(await beginToolTry(database, callId, null)).toMatchObject({ outcome: 'ungranted' })
  expect(await ask(expiresAtMs + 5_000)).toEqual(opened)
  expect(await turn.readEvents()).toEqual(events)
  const answerId = `${request.id}:a`
  await keepAnswer(database, {
    id: answerId,
    requestId: request.id,
    by: turn.owner,
    outcome: 'approved',
    body: { decisions: { [callId]: 'approve' }, grants: [] },
  })
  await resolveRequest(database, { conversationId: turn.conversationId, requestId: request.id }, answerId)
  expect(await ask(expiresAtMs)).toBeUndefined()
  expect(await beginToolTry(database, callId, null)).toMatchObject({ outcome: 'run', lost: 0 })
})

test('behavior: a call that waits for its approval does not run', async () => {
  const request = permissionRequest(turn.turnIdOf(1), 0, [turn.callOf(1, 0, 0)])
  const [asked = ''] = request.callIds
  await turn.ask(1, 0, { calls: 1, requests: [request], permissions: [askedPermission(asked)] })
  expect(await beginToolTry(database, asked, null)).toMatchObject({ outcome: 'ungranted' })
  await resolveRequest(database, { conversationId: turn.conversationId, requestId: request.id }, null)
  expect(await beginToolTry(database, asked, null)).toEqual({ outcome: 'done', status: 'denied' })
})

test('behavior: nobody is asked about a call whose turn has ended', async () => {
  const [first = ''] = await grant({ tool: 'a', ...hour })
  await askGranted([first])
  await turn.stop(1)
  const before = await turn.readEvents()
  const request = permissionRequest(turn.turnIdOf(1), 9, [callId])
  expect(await askAgain(database, ref(), askedPermission(callId), request)).toBeUndefined()
  expect(await turn.readEvents()).toEqual(before)
})
