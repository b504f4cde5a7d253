import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { retryWhileUnavailable } from '../../src/client/retry-while-unavailable.ts'
import { fillHistory } from '../support/fill-history.ts'
import { feltCall, questionOf, readResults, untilAsked, untilNth } from '../support/asked.ts'
import { ofType } from '../support/follow.ts'
import { countRuns } from '../support/histories.ts'
import { type OwnServer, startOwnPostgres, startOwnTemporal } from '../support/own-servers.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

let postgres: OwnServer
let temporal: OwnServer
let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  const [own, env] = await Promise.all([
    Promise.all([startOwnPostgres(), startOwnTemporal()]),
    prebuiltBundle(),
  ])
  ;[postgres, temporal] = own
  product = await startProduct({ databaseUrl: postgres.address, temporal: temporal.address, env })
  ;({ client, raw } = await loginBoth(product.url))
}, 180_000)
afterAll(async () => {
  await product.close()
  await Promise.all([postgres.close(), temporal.close()])
})

// Servers and processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 })

const left = { answers: { which: 'left' } }

/** A conversation that asks, and waits; `later` follows the answer. */
async function startAsking(key: string, reply = questionOf(), later = textOf('Thank you.')) {
  const talk = await startTalk(product, client, key, [reply, later, textOf('Next.')])
  const { requestId } = await untilAsked(talk.following)
  await untilNth(talk.following, 'turn.waiting')
  const { messageId } = await untilNth(talk.following, 'user.message')
  return { ...talk, requestId, messageId, respond: `/api/requests/${requestId}/response` }
}

test('kill -9 of every process and every server: what was open is answered afterwards', async () => {
  product.gates.open('restart')
  const question = await startAsking('question')
  const queued = await client.postMessage(question.id, { text: 'Afterwards' })
  const permission = await startAsking('permission', callsOf(feltCall('restart'), feltCall('restart')))
  await Promise.all([product.api, ...product.workers].map((part) => part.kill('SIGKILL')))
  product.workers.length = 0
  await Promise.all([postgres.kill(), temporal.kill()])
  await Promise.all([postgres.restart(), temporal.restart()])
  await Promise.all([product.restartApi(), product.startWorker()])
  const { requests } = await client.listRequests()
  const shown = await client.getConversation(question.id)
  // A worker that has just come back may be too late for the first try.
  await retryWhileUnavailable(() => client.answerRequest(question.requestId, left))
  await retryWhileUnavailable(() => client.answerRequest(permission.requestId, { decision: 'approve' }))
  await Promise.all([question.following.untilTurns(2), permission.following.untilTurns(1)])
  for (const { following } of [question, permission]) following.close()

  expect(requests.map(({ requestId }) => requestId)).toEqual([question.requestId, permission.requestId])
  expect(shown.conversation.state).toBe('waiting')
  expect(shown.queue).toMatchObject([{ messageId: queued.messageId }])
  expect(await readResults(product.model, 'question', 2)).toEqual([left])
  expect(await readResults(product.model, 'permission', 2)).toEqual([
    { done: 'restart' },
    { done: 'restart' },
  ])
  expect(product.gates.arrivals('restart')).toBe(2)
  for (const { id, following } of [question, permission]) await expectWholeLog(client, id, following.events)
})

test('an answer while no worker is up is refused, and counts once when it is repeated', async () => {
  const { id, requestId, respond, following } = await startAsking('no-worker')
  await product.workers.pop()?.kill('SIGKILL')
  const refused = await raw(respond, left)
  const still = await client.getConversation(id)
  await product.startWorker()
  const repeated = await raw(respond, left)
  const again = await raw(respond, left)
  const other = await raw(respond, { decision: 'reject' })
  await following.untilTurns(1)
  following.close()

  expect([refused.status, refused.body['code']]).toEqual([503, 'no_worker'])
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(still.openRequests).toMatchObject([{ requestId }])
  expect([repeated.status, repeated.body]).toEqual([200, { requestId, outcome: 'answered' }])
  expect(again.body).toEqual(repeated.body)
  expect([other.status, other.body['outcome']]).toEqual([409, 'answered'])
  expect(await readResults(product.model, 'no-worker', 2)).toEqual([left])
  await expectWholeLog(client, id, following.events)
})

test('a question is open over continue-as-new, then answered', async () => {
  const { id, requestId, messageId, following } = await startAsking('anew')
  await fillHistory(product, id, messageId)
  await vi.waitUntil(async () => (await countRuns(product, id)) === 2, { timeout: 60_000, interval: 100 })
  const shown = await client.getConversation(id)
  await client.answerRequest(requestId, left)
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()

  expect(shown.openRequests).toMatchObject([{ requestId }])
  expect(end).toMatchObject({ outcome: 'success' })
  expect(await readResults(product.model, 'anew', 2)).toEqual([left])
  await expectWholeLog(client, id, following.events)
})

test('permissions are answered while their conversation continues as new, and each call runs once', async () => {
  const gates = ['anew-0', 'anew-1', 'anew-2']
  for (const gate of gates) product.gates.open(gate)
  const reply = callsOf(...gates.map((gate) => feltCall(gate)))
  const { id, requestId, messageId, following } = await startAsking('moment', reply)
  const [answered] = await Promise.all([
    client.answerRequest(requestId, { decision: 'approve' }),
    fillHistory(product, id, messageId),
  ])
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()

  expect(answered).toEqual({ requestId, outcome: 'approved' })
  expect(end).toMatchObject({ outcome: 'success' })
  expect(gates.map(product.gates.arrivals)).toEqual([1, 1, 1])
  expect(await countRuns(product, id)).toBeGreaterThan(1)
  await expectWholeLog(client, id, following.events)
})

test('a stop reaches a question that has been open over continue-as-new', async () => {
  const { id, requestId, messageId, following } = await startAsking('stop')
  await fillHistory(product, id, messageId)
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()

  expect(end).toMatchObject({ outcome: 'cancelled' })
  expect(ofType(following.events, 'request.resolved')).toMatchObject([{ requestId, outcome: 'cancelled' }])
  await expectWholeLog(client, id, following.events)
})
