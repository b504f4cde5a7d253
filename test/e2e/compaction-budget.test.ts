import { afterAll, beforeAll, expect, test } from 'vitest'

import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { textOf } from '../support/talk.ts'

let product: Product

// Enough for one question, and not for what reads four of them again.
beforeAll(async () => {
  product = await startProduct({ env: { PERDURA_TURN_BUDGET_TOKENS: '5000', PERDURA_MODEL_TRIES: '1' } })
})
afterAll(() => product.close())

test('a summary on demand that its budget refuses is not begun, and changes nothing', async () => {
  const client = await product.login()
  await product.model.script('budget', [{ ...textOf('Yes.'), repeat: true }])
  const history = { kind: 'slidingWindow' as const, window: 1 }
  const { id } = await client.createConversation({ history, tools: ['time_now'] })
  const following = follow(client, id)
  for (let turn = 1; turn <= 6; turn++) {
    await client.postMessage(id, { text: `${turn} [script:budget] ${'so to speak '.repeat(350)}` })
    expect(await following.untilTurns(turn)).toMatchObject({ outcome: 'success' })
  }
  const before = await product.model.requests('budget')
  await client.compactConversation(id)
  expect(await following.untilTurns(7)).toMatchObject({ outcome: 'limit', code: 'turn_budget' })
  following.close()
  expect(ofType(following.events, 'context.compacted')).toEqual([])
  expect(await product.model.requests('budget')).toHaveLength(before.length)
})
