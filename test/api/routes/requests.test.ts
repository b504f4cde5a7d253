import { beforeAll, expect, test } from 'vitest'

import { feltCall, questionOf, untilAsked, untilNth } from '../../support/asked.ts'
import { follow, type Following, ofType } from '../../support/follow.ts'
import { callsOf, textOf } from '../../support/talk.ts'
import { type Guest, useCheckedProduct } from '../checked-product.ts'
import { withDatabase } from '../with-database.ts'

const product = useCheckedProduct()

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

type Asking = { id: string; following: Following; requestId: string; callIds: string[] }

/** A conversation whose model asks for calls of `felt` at these gates, and waits. */
async function startAsking(key: string, ...gates: string[]): Promise<Asking> {
  const calls = gates.map((gate) => feltCall(gate, { domains: ['example.com'] }))
  await product().model.script(key, [callsOf(...calls), textOf('Done.')])
  for (const gate of gates) product().gates.open(gate)
  const { id } = await guest.client.createConversation()
  return post(id, key)
}

async function post(id: string, key: string): Promise<Asking> {
  const following = follow(guest.client, id)
  await guest.client.postMessage(id, { text: `Go [script:${key}]` })
  const asked = await untilAsked(following)
  await untilNth(following, 'turn.waiting')
  const callIds = asked.card?.calls.map(({ callId }) => callId) ?? []
  return { id, following, requestId: asked.requestId, callIds }
}

function respond(requestId: string, body: unknown, token = guest.token) {
  return product().call('POST', `/api/requests/${requestId}/response`, { token, body })
}

async function listIds(query: string): Promise<string[]> {
  const { body } = await product().call('GET', `/api/requests${query}`, { token: guest.token })
  return JSON.parse(JSON.stringify(body)).requests.map(({ requestId }: { requestId: string }) => requestId)
}

test('default: an approved call runs, and a repeat of the answer is harmless', async () => {
  const { id, following, requestId, callIds } = await startAsking('approve', 'approve')
  expect(await listIds(`?open=true&conversationId=${id}`)).toEqual([requestId])
  expect(product().gates.arrivals('approve')).toBe(0)
  const body = { decision: 'approve' }
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await respond(requestId, body)).toMatchObject({
      status: 200,
      body: { requestId, outcome: 'approved' },
    })
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(await respond(requestId, body)).toMatchObject({ status: 200 })
  expect(product().gates.arrivals('approve')).toBe(1)
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ callId: callIds[0], status: 'ok' }])
  expect(await listIds(`?open=true&conversationId=${id}`)).toEqual([])
  expect(await listIds(`?conversationId=${id}`)).toEqual([requestId])
})

test('behavior: a batch is decided call by call', async () => {
  const { following, requestId, callIds } = await startAsking('batch', 'batch-1', 'batch-2', 'batch-3')
  const [first = '', second = '', third = ''] = callIds
  const decisions = { [first]: 'approve', [second]: 'reject', [third]: 'approve' }
  expect(await respond(requestId, { decisions })).toMatchObject({ status: 200 })
  await following.untilTurns(1)
  following.close()
  const ends = ofType(following.events, 'tool.completed')
  expect(Object.fromEntries(ends.map(({ callId, status }) => [callId, status]))).toEqual({
    [first]: 'ok',
    [second]: 'denied',
    [third]: 'ok',
  })
  expect(product().gates.arrivals('batch-2')).toBe(0)
})

test('behavior: the same answer many times at once counts once; another one learns the outcome', async () => {
  const { following, requestId } = await startAsking('same', 'same')
  const same = await Promise.all(Array.from({ length: 8 }, () => respond(requestId, { decision: 'approve' })))
  expect(same.map(({ status }) => status)).toEqual(same.map(() => 200))
  expect(await respond(requestId, { decision: 'reject' })).toMatchObject({
    status: 409,
    body: { code: 'request_resolved', outcome: 'approved' },
  })
  await following.untilTurns(1)
  following.close()
  expect(ofType(following.events, 'request.resolved')).toHaveLength(1)
  expect(product().gates.arrivals('same')).toBe(1)
})

test('behavior: a grant asks less from now on, until it is revoked', async () => {
  const { id, following, requestId } = await startAsking('granted', 'granted')
  const grant = { target: 'domain' }
  expect(await respond(requestId, { decision: 'approve', grant })).toMatchObject({ status: 200 })
  await following.untilTurns(1)
  const { grants } = await guest.client.listGrants()
  expect(grants).toMatchObject([{ tool: 'felt', domain: 'example.com', conversationId: id, requestId }])
  await guest.client.postMessage(id, { text: 'Again [script:granted-again]' })
  await product().model.script('granted-again', [
    callsOf(feltCall('granted', { domains: ['api.example.com'] })),
    textOf('Done.'),
    callsOf(feltCall('granted', { domains: ['example.com'] })),
    textOf('Denied.'),
  ])
  await following.untilTurns(2)
  expect(ofType(following.events, 'request.opened')).toHaveLength(1)
  const path = `/api/grants/${grants[0]?.id}`
  const stranger = await product().guest()
  expect(await product().call('DELETE', path, { token: stranger.token })).toMatchObject({ status: 404 })
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await product().call('DELETE', path, { token: guest.token })).toMatchObject({ status: 204 })
  expect((await guest.client.listGrants()).grants).toEqual([])
  await guest.client.postMessage(id, { text: 'Once more [script:granted-again]' })
  const again = await untilAsked(following, 2)
  expect(await respond(again.requestId, { decision: 'reject' })).toMatchObject({ status: 200 })
  await following.untilTurns(3)
  following.close()
})

test('behavior: all requests of a conversation, answered at the same moment, arrive', async () => {
  const count = 32
  const ask = questionOf().parts?.flatMap((part) => (part.type === 'toolCalls' ? part.calls : [])) ?? []
  const calls = Array.from({ length: count }, () => ask).flat()
  await product().model.script('many', [callsOf(...calls), textOf('Thanks.')])
  const { id } = await guest.client.createConversation()
  const { following } = await post(id, 'many')
  await untilAsked(following, count)
  const opened = ofType(following.events, 'request.opened')
  const answers = await Promise.all(
    opened.map(({ requestId }) => respond(requestId, { answers: { which: 'left' } })),
  )
  expect(answers.map(({ status }) => status)).toEqual(opened.map(() => 200))
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(ofType(following.events, 'request.resolved')).toHaveLength(count)
})

test('error: answers of the wrong shape are refused by field, and the request stays open', async () => {
  const { following, requestId, callIds } = await startAsking('shape', 'shape')
  const wrong: [body: unknown, errors: object[]][] = [
    [{}, [{ path: 'decision' }]],
    [{ decision: 'maybe' }, [{ path: 'decision' }]],
    [{ answers: {} }, [{ path: 'decision' }]],
    [{ decisions: {} }, [{ path: `decisions.${callIds[0]}` }]],
    [{ decision: 'approve', grant: { target: 'contract' } }, [{ path: 'grant.target' }]],
    [{ decision: 'approve', grant: { target: 'all' } }, [{ path: 'grant.target' }]],
    [{ decision: 'approve', grant: { expiresInSeconds: 1e9 } }, [{ path: 'grant.expiresInSeconds' }]],
    [{ decision: 'approve', remember: true }, [{ path: 'remember' }]],
  ]
  for (const [body, errors] of wrong)
    expect(await respond(requestId, body)).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors },
    })
  expect(await respond(requestId, [])).toMatchObject({ status: 422 })
  expect(await respond(requestId, { decision: 'reject' })).toMatchObject({ status: 200 })
  await following.untilTurns(1)
  following.close()
})

test('error: invalid answers carry a code for each field', async () => {
  await product().model.script('form', [questionOf(), textOf('Thanks.')])
  const { id } = await guest.client.createConversation()
  const { following, requestId } = await post(id, 'form')
  expect(await respond(requestId, { answers: { which: 'up', more: 'x' } })).toMatchObject({
    status: 422,
    body: {
      code: 'invalid_answers',
      errors: [
        { path: 'answers.more', code: 'unknown_question' },
        { path: 'answers.which', code: 'unknown_choice' },
      ],
    },
  })
  expect(await respond(requestId, { answers: { which: 'left' } })).toMatchObject({
    status: 200,
    body: { outcome: 'answered' },
  })
  await following.untilTurns(1)
  following.close()
})

test('error: a request that is over time, or of somebody else', async () => {
  const { id, following, requestId } = await startAsking('late', 'late')
  const stranger = await product().guest()
  const foreign = await respond(requestId, { decision: 'approve' }, stranger.token)
  expect(foreign).toMatchObject({ status: 404, body: { code: 'not_found' } })
  await withDatabase(product().databaseUrl, (database) =>
    database.query('update requests set expires_at = now() where id = $1', [requestId]),
  )
  expect(await respond(requestId, { decision: 'approve' })).toMatchObject({
    status: 410,
    body: { code: 'request_expired' },
  })
  await guest.client.cancelTurn(id)
  await following.untilTurns(1)
  following.close()
  expect(await respond(requestId, { decision: 'approve' })).toMatchObject({
    status: 409,
    body: { code: 'request_resolved', outcome: 'cancelled' },
  })
})

test.for(['?open=yes', `?conversationId=${'x'.repeat(201)}`])(
  'error: the query %s is refused',
  async (query) => {
    expect(await product().call('GET', `/api/requests${query}`, { token: guest.token })).toMatchObject({
      status: 422,
    })
  },
)
