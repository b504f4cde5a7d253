import { setTimeout as passTime } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { feltCall, questionOf, readResults, untilAsked } from '../support/asked.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  // A turn may take less time than people may.
  const times = { PERDURA_REQUEST_TTL_SECONDS: '6', PERDURA_TURN_TIMEOUT_MS: '5000' }
  product = await startProduct({ env: times })
  ;({ client, raw } = await loginBoth(product.url))
})
afterAll(() => product.close())

test("a question that nobody answers is told to the model, and took none of the turn's time", async () => {
  const { id, following } = await startTalk(product, client, 'question', [questionOf(), textOf('Then not.')])
  const { requestId } = await untilAsked(following)
  const end = await following.untilTurns(1)
  following.close()
  const late = await raw(`/api/requests/${requestId}/response`, { answers: { which: 'left' } })

  expect(end).toMatchObject({ outcome: 'success' })
  expect(await readResults(product.model, 'question', 2)).toMatchObject([{ error: { code: 'no_answer' } }])
  expect(ofType(following.events, 'request.resolved')).toMatchObject([
    { requestId, outcome: 'expired', by: 'time' },
  ])
  expect([late.status, late.body['code']]).toEqual([410, 'request_expired'])
  await expectWholeLog(client, id, following.events)
})

test('without permission in time nothing of the batch runs', async () => {
  const gates = ['late-0', 'late-1']
  const calls = callsOf(...gates.map((gate) => feltCall(gate)))
  const { id, following } = await startTalk(product, client, 'permission', [calls, textOf('Then not.')])
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  expect(await readResults(product.model, 'permission', 2)).toMatchObject(
    gates.map(() => ({ error: { code: 'permission_expired' } })),
  )
  expect(gates.map((gate) => product.gates.arrivals(gate))).toEqual([0, 0])
  await expectWholeLog(client, id, following.events)
})

test("behavior: a turn's own time still runs out, however long it had waited", async () => {
  const { id, following } = await startTalk(product, client, 'own-time', [
    questionOf(),
    textOf('Half of', { gate: 'never' }),
  ])
  const { requestId } = await untilAsked(following)
  await client.answerRequest(requestId, { answers: { which: 'left' } })
  const end = await following.untilTurns(1)
  following.close()
  expect(end).toMatchObject({ outcome: 'limit', code: 'turn_time_limit' })
  await expectWholeLog(client, id, following.events)
})

test('an answer in the moment in which the time is over counts, or is told that it came too late', async () => {
  const answered = await Promise.all(
    Array.from({ length: 24 }, async (_, index) => {
      const key = `moment-${index}`
      const { id, following } = await startTalk(product, client, key, [questionOf(), textOf('Well.')])
      const { requestId, expiresAt } = await untilAsked(following)
      // From 60 ms before it to 55 ms after it.
      await passTime(Date.parse(expiresAt) - Date.now() + (index - 12) * 5)
      const answer = await raw(`/api/requests/${requestId}/response`, { answers: { which: 'left' } })
      await following.untilTurns(1)
      following.close()
      return { id, key, following, answer }
    }),
  )
  for (const { id, key, following, answer } of answered) {
    const [outcome] = ofType(following.events, 'request.resolved').map((event) => event.outcome)
    const [result] = await readResults(product.model, key, 2)
    const counts = outcome === 'answered'
    expect([answer.status, answer.body['code']]).toEqual(counts ? [200, undefined] : [410, 'request_expired'])
    expect(result).toMatchObject(counts ? { answers: { which: 'left' } } : { error: { code: 'no_answer' } })
    await expectWholeLog(client, id, following.events)
  }
})
