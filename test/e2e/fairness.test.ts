/** One owner's work that hangs, and another owner who does not notice. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { readFairnessKeys } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, type Talk, textOf } from '../support/talk.ts'

let product: Product

beforeAll(async () => {
  product = await startProduct({ env: { PERDURA_MODEL_SLOTS: '8' } })
})
afterAll(() => product.close())

vi.setConfig({ testTimeout: 90_000 })

const gatedCalls = (gate: string, count: number) =>
  callsOf(...Array.from({ length: count }, () => ({ name: 'gated', arguments: { gate } })))

async function untilSuccess({ following }: Talk): Promise<void> {
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
}

/** Resolves when so many of the promises have. */
function untilSome(count: number, promises: readonly Promise<unknown>[]): Promise<void> {
  let left = count
  return new Promise((resolve, reject) => {
    for (const promise of promises) promise.then(() => --left === 0 && resolve(), reject)
  })
}

/** A fresh conversation of somebody else, with three calls in one reply, from its message to its end. */
async function runFreshTurn(client: Client, key: string): Promise<Talk> {
  product.gates.open(key)
  const talk = await startTalk(product, client, key, [gatedCalls(key, 3), textOf('Done.')])
  await untilSuccess(talk)
  return talk
}

test("a hundred calls of one owner that hang do not keep another's conversation from ending", async () => {
  const [greedy, other] = [await product.login(), await product.login()]
  const scripts = [0, 1, 2, 3].map((index) => `greedy-${index}`)
  const talks = await Promise.all(
    scripts.map((key) => startTalk(product, greedy, key, [gatedCalls('held', 25), textOf('Done.')])),
  )
  // Its share of the 32 slots.
  await product.gates.untilArrived('held', 24)

  const fresh = await runFreshTurn(other, 'fresh')
  expect(product.gates.arrivals('held')).toBe(24)

  product.gates.open('held')
  await Promise.all(talks.map(untilSuccess))
  expect(product.gates.arrivals('held')).toBe(100)
  const { workflow, tools } = await readFairnessKeys(product, fresh.id)
  expect(workflow).toMatch(/^o_/)
  expect(tools).toEqual([workflow, workflow, workflow])
})

test("slow model calls of one owner do not keep another's conversation from ending", async () => {
  const [greedy, other] = [await product.login(), await product.login()]
  const keys = Array.from({ length: 12 }, (_, index) => `slow-${index}`)
  const slow = textOf('Well', { gate: 'model' }, 'done.')
  const talks = await Promise.all(keys.map((key) => startTalk(product, greedy, key, [slow])))
  // Its share of the 8 slots that the provider has.
  await untilSome(
    6,
    keys.map((key) => product.model.until(key, 1, 'arrived')),
  )

  await runFreshTurn(other, 'fresh-2')

  await product.model.openGate('model')
  await Promise.all(talks.map(untilSuccess))
})
