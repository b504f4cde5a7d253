import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { type Product, startProduct } from '../support/product.ts'
import { startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectSameTexts } from '../support/whole-log.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

test('kill -9 of the api during a stream: the turn goes on, and a follower has every event once', async () => {
  const { id, following } = await startTalk(product, client, 'killed', [
    textOf(
      'Before the kill, ',
      { gate: 'killed-one' },
      'while it is away, ',
      { gate: 'killed-two' },
      'and after.',
    ),
  ])
  const first = await following.until(({ type }) => type === 'text.delta')
  await product.api.kill('SIGKILL')
  await product.model.openGate('killed-one')
  await product.restartApi()
  await following.until((event) => event.type === 'text.delta' && event.seq > first.seq)
  await product.model.openGate('killed-two')
  const end = await following.untilTurns(1)
  following.close()

  expect(end).toMatchObject({ outcome: 'success' })
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})
