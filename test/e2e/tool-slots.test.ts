import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { listRetryReasons, untilWaitsToRetry } from '../support/histories.ts'
import { untilJournaled } from '../support/journal.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, stopAndGoOn, textOf } from '../support/talk.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env: { PERDURA_TOOL_SLOTS: '1' } })
  client = await product.login()
})
afterAll(() => product.close())

vi.setConfig({ testTimeout: 90_000 })

const gated = (gate: string) => [callsOf({ name: 'gated', arguments: { gate } }), textOf('Done.')]

test('a tool waits for its slot, comes again when it has waited long, and runs once', async () => {
  const first = await startTalk(product, client, 'first', gated('first'))
  await product.gates.untilArrived('first')
  const second = await startTalk(product, client, 'second', gated('second'))
  await untilWaitsToRetry(product, second.id)
  expect(product.gates.arrivals('second')).toBe(0)
  product.gates.open('first')
  product.gates.open('second')
  const ends = await Promise.all([first, second].map(({ following }) => following.untilTurns(1)))
  expect(ends).toMatchObject([{ outcome: 'success' }, { outcome: 'success' }])
  expect(product.gates.arrivals('second')).toBe(1)
  expect(new Set(await listRetryReasons(product, second.id))).toEqual(new Set(['no_worker']))
  for (const { following } of [first, second]) following.close()
})

test('behavior: Stop ends a call that waits for its slot at once, without running it', async () => {
  const holder = await startTalk(product, client, 'holder', gated('holder'))
  await product.gates.untilArrived('holder')
  const waiting = await startTalk(product, client, 'waiting', [...gated('waiting'), textOf('Again.')])
  await waiting.following.until(({ type }) => type === 'tool.started')
  await untilJournaled(product.databaseUrl, 2)
  const { end, next } = await stopAndGoOn(client, waiting)
  expect(end).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  expect(next).toMatchObject({ outcome: 'success' })
  expect(ofType(waiting.following.events, 'tool.completed')).toMatchObject([{ status: 'cancelled' }])
  expect(product.gates.arrivals('waiting')).toBe(0)

  product.gates.open('holder')
  expect(await holder.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  holder.following.close()
})
