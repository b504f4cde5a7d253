import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { ConversationFields } from '../../src/client/api-answers.ts'
import type { GrantWish } from '../../src/contracts/permission.ts'
import type { ScriptedCall } from '../../src/models/scripted/scripted-reply.ts'
import { feltCall, readResults, untilAsked, untilNth } from '../support/asked.ts'
import { follow, type Following, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product
let client: Client
let raw: RawClient
let scripts = 0

beforeAll(async () => {
  // One activity at a time, so that of two calls of one reply the second begins when the first has ended.
  product = await startProduct({ env: { PERDURA_WORKER_SLOTS: '1' } })
})
afterAll(() => product.close())

/** Grants are the owner's, so each test has its own. */
async function login() {
  ;({ client, raw } = await loginBoth(product.url))
}

type Talk = { id: string; following: Following; turns: number }

/** One more turn, in which the model asks for these calls. */
async function ask(
  talk: Talk | undefined,
  calls: ScriptedCall[],
  fields: ConversationFields = {},
): Promise<Talk> {
  const key = `grants-${++scripts}`
  await product.model.script(key, [callsOf(...calls), textOf('Done.')])
  const { id } = talk ?? (await client.createConversation(fields))
  const following = talk?.following ?? follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  return { id, following, turns: (talk?.turns ?? 0) + 1 }
}

/** Approves the nth request of a conversation and wishes to be asked less. */
async function grant({ following, turns }: Talk, nth: number, wish: Partial<GrantWish>): Promise<string> {
  const { requestId } = await untilAsked(following, nth)
  await client.answerRequest(requestId, { decision: 'approve', grant: wish })
  await following.untilTurns(turns)
  const { grants } = await client.listGrants()
  const [made] = grants.filter((each) => each.requestId === requestId)
  return made?.id ?? ''
}

const listRules = ({ following }: Talk) =>
  ofType(following.events, 'tool.started').map(({ permission }) => permission?.rule)
const countAsked = ({ following }: Talk) => ofType(following.events, 'request.opened').length

/** What runs in these tests, unless it waits at a gate of its own. */
function openCall(targets: Parameters<typeof feltCall>[1] = {}): ScriptedCall {
  product.gates.open('open')
  return feltCall('open', targets)
}

async function expire(grantId: string): Promise<void> {
  const database = new pg.Client({ connectionString: product.databaseUrl })
  await database.connect()
  await database.query(`update grants set expires_at = now() - interval '1 second' where id = $1`, [grantId])
  await database.end()
}

test('granted in a conversation, a tool asks there no more, until the grant is revoked', async () => {
  await login()
  const first = await ask(undefined, [openCall()])
  const grantId = await grant(first, 1, { scope: 'conversation', expiresInSeconds: 3600 })
  const { grants } = await client.listGrants()
  const second = await ask(first, [openCall(), openCall()])
  await second.following.untilTurns(2)
  const elsewhere = await ask(undefined, [openCall()])
  await untilAsked(elsewhere.following)
  await client.revokeGrant(grantId)
  const third = await ask(second, [openCall()])
  const { requestId } = await untilAsked(third.following, 2)
  await client.answerRequest(requestId, { decision: 'reject' })
  await third.following.untilTurns(3)
  third.following.close()
  elsewhere.following.close()

  expect(grants).toMatchObject([{ id: grantId, tool: 'felt', conversationId: first.id }])
  const [made] = grants
  expect(Date.parse(made?.expiresAt ?? '') - Date.parse(made?.createdAt ?? '')).toBe(3_600_000)
  const granted = `grant:${grantId}`
  expect(listRules(third)).toEqual(['policy:allowReads', granted, granted, 'policy:allowReads'])
  expect((await client.listGrants()).grants).toEqual([])
  await expectWholeLog(client, first.id, third.following.events)
})

test("granted everywhere, it asks in none of the owner's conversations, and in those of others as before", async () => {
  await login()
  const first = await ask(undefined, [openCall()])
  const grantId = await grant(first, 1, { scope: 'everywhere' })
  const elsewhere = await ask(undefined, [openCall()])
  await elsewhere.following.untilTurns(1)
  const revokes = await loginBoth(product.url)
  await expect(revokes.client.revokeGrant(grantId)).rejects.toMatchObject({ code: 'not_found' })
  await login()
  const foreign = await ask(undefined, [openCall()])
  await untilAsked(foreign.following)
  for (const { following } of [first, elsewhere, foreign]) following.close()
  expect(listRules(elsewhere)).toEqual([`grant:${grantId}`])
})

test('granted for a contract, only calls to that contract alone ask no more', async () => {
  await login()
  const one = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
  const other = '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512'
  const first = await ask(undefined, [openCall({ contracts: [one.toLowerCase()] })])
  await grant(first, 1, { target: 'contract', scope: 'everywhere' })
  const calls = [{ contracts: [one] }, { contracts: [other] }, { contracts: [one, other] }, {}]
  const second = await ask(first, calls.map(openCall))
  const { card } = await untilAsked(second.following, 2)
  second.following.close()

  expect((await client.listGrants()).grants).toMatchObject([{ tool: 'felt', contract: one }])
  expect(card?.calls.map(({ targets }) => targets.contracts)).toEqual([[other], [one, other], []])
})

test('behavior: a grant allows in an unattended conversation what would be denied there', async () => {
  await login()
  const first = await ask(undefined, [openCall({ domains: ['example.com'] })])
  await grant(first, 1, { target: 'domain', scope: 'everywhere' })
  const calls = [openCall({ domains: ['api.example.com'] }), openCall({ domains: ['example.org'] })]
  const unattended = await ask(undefined, calls, { permissions: 'denyAll' })
  await unattended.following.untilTurns(1)
  for (const { following } of [first, unattended]) following.close()
  const statuses = ofType(unattended.following.events, 'tool.completed').map(({ callId, status }) => [
    callId.slice(-2),
    status,
  ])
  expect(Object.fromEntries(statuses)).toEqual({ c0: 'ok', c1: 'denied' })
  expect(countAsked(unattended)).toBe(0)
})

test.each([
  ['approved', 'approve', 'ok'],
  ['rejected', 'reject', 'denied'],
] as const)(
  'a grant that expires between two calls of one batch: one runs, the other asks again and is %s',
  async (name, decision, status) => {
    await login()
    const first = await ask(undefined, [openCall()])
    const grantId = await grant(first, 1, {})
    await product.model.script(name, [callsOf(feltCall(name), feltCall(name)), textOf('Done.')])
    await client.postMessage(first.id, { text: `Go [script:${name}]` })
    await product.gates.untilArrived(name)
    await expire(grantId)
    product.gates.open(name)
    const { requestId, card, callId = '' } = await untilAsked(first.following, 2)
    await untilNth(first.following, 'turn.waiting', 2)
    const shown = await client.getConversation(first.id)
    const arrivals = product.gates.arrivals(name)
    await client.answerRequest(requestId, { decision })
    const end = await first.following.untilTurns(2)
    first.following.close()

    expect(card?.calls).toMatchObject([{ callId, tool: 'felt', rule: 'policy:allowReads' }])
    expect(arrivals).toBe(1)
    // Calls of one reply begin in any order.
    expect(shown.calls.map(({ status }) => status).toSorted()).toEqual(['ok', 'waiting'])
    expect(shown.calls.find(({ status }) => status === 'waiting')).toMatchObject({ callId })
    expect(product.gates.arrivals(name)).toBe(decision === 'approve' ? 2 : 1)
    expect(end).toMatchObject({ outcome: 'success' })
    const ends = ofType(first.following.events, 'tool.completed').slice(-2)
    expect(ends).toMatchObject([{ status: 'ok' }, { callId, status }])
    expect(await readResults(product.model, name, 2)).toHaveLength(2)
    await expectWholeLog(client, first.id, first.following.events)
  },
)

test('error: a wish that no approved call can fulfil is refused, and the request stays open', async () => {
  await login()
  const { following } = await ask(undefined, [openCall()])
  const { requestId } = await untilAsked(following)
  const refusals = [
    { decision: 'approve', grant: { target: 'contract' } },
    { decision: 'approve', grant: { target: 'chain' } },
    { decision: 'approve', grant: { expiresInSeconds: 0 } },
    { decision: 'reject', grant: {} },
  ]
  for (const body of refusals) {
    const { status, body: problem } = await raw(`/api/requests/${requestId}/response`, body)
    expect([status, problem['code']]).toEqual([422, 'invalid_request'])
  }
  await client.answerRequest(requestId, { decision: 'approve' })
  await following.untilTurns(1)
  following.close()
  expect((await client.listGrants()).grants).toEqual([])
})
