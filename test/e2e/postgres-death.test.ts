import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { type OwnServer, startOwnPostgres } from '../support/own-servers.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectSameTexts } from '../support/whole-log.ts'

let postgres: OwnServer
let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  postgres = await startOwnPostgres()
  product = await startProduct({ databaseUrl: postgres.address })
  ;({ client, raw } = await loginBoth(product.url))
}, 120_000)
afterAll(async () => {
  await product.close()
  await postgres.close()
})

/** How far the numbers jump after a crash of the server. */
const jump = 1_000_000

// A server takes its seconds to start.
const withRestart = { timeout: 90_000 }

test(
  'kill -9 of PostgreSQL while deltas are written: nothing is lost or numbered twice',
  withRestart,
  async () => {
    const { id, following } = await startTalk(product, client, 'deltas', [
      textOf(
        'Before the kill, ',
        { gate: 'deltas-one' },
        'while it is away, ',
        { gate: 'deltas-two' },
        'and after.',
      ),
    ])
    // The server writes an asynchronous commit down some 200 ms later: what was just told is taken back.
    await following.until(({ type }) => type === 'text.delta')
    await postgres.kill()
    await product.model.openGate('deltas-one')
    await postgres.restart()
    await following.until((event) => event.type === 'text.delta' && event.seq > jump)
    await product.model.openGate('deltas-two')
    const end = await following.untilTurns(1)
    following.close()

    expect(end).toMatchObject({ outcome: 'success' })
    await expectEachOnce(client, id, following.events)
    await expectSameTexts(client, id, following.events)
    expect(ofType(following.events, 'text.completed')).toMatchObject([
      { attempt: 1, text: 'Before the kill, while it is away, and after.' },
    ])
  },
)

test('without PostgreSQL the api says so, and running tools lose nothing', withRestart, async () => {
  const gates = ['outage-0', 'outage-1', 'outage-2']
  const { id, following } = await startTalk(product, client, 'outage', [
    callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
    textOf('All done.'),
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  await postgres.kill()
  for (const gate of gates) product.gates.open(gate)
  const answers = [
    await raw(`/api/conversations/${id}`),
    await raw(`/api/conversations/${id}/messages`, { text: 'Hello' }),
    await raw(`/api/conversations/${id}/events?after=0`),
    await raw('/api/auth/guest', {}),
  ]
  await postgres.restart()
  const end = await following.untilTurns(1)
  following.close()

  for (const { status, headers, body } of answers) {
    expect({ status, body }).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('retry-after')).toMatch(/^\d+$/)
  }
  expect(end).toMatchObject({ outcome: 'success' })
  expectOneResultEach(following.events)
  expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
  expect(gates.map((gate) => product.gates.arrivals(gate))).toEqual([1, 1, 1])
  await expectEachOnce(client, id, following.events)
})
