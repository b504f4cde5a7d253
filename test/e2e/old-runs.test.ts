import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { openDatabase } from '../../src/store/database.ts'
import { fillHistory } from '../support/fill-history.ts'
import { ofType } from '../support/follow.ts'
import { countRuns } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { startTalk, textOf } from '../support/talk.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env: { PERDURA_KEEP_RUNS: '1', PERDURA_SWEEP_SECONDS: '1' } })
  client = await product.login()
})
afterAll(() => product.close())

// A worker looks each ten seconds, and the server takes half a minute for a run that has ended.
const patience = { timeout: 120_000, interval: 250 }

test(
  'runs of a workflow that have continued as new go, and the conversation goes on',
  { timeout: 240_000 },
  async () => {
    const { id, following } = await startTalk(product, client, 'runs', [
      { ...textOf('Answer.'), repeat: true },
    ])
    const [first] = ofType([await following.until(({ type }) => type === 'user.message')], 'user.message')
    for (const turn of [1, 2, 3]) {
      await following.untilTurns(turn)
      await fillHistory(product, id, first?.messageId ?? '')
      await client.postMessage(id, { text: `Message ${turn}` })
    }
    await following.untilTurns(4)
    await vi.waitFor(async () => expect(await countRuns(product, id)).toBe(4), patience)

    await setTurns(id, 50)
    await vi.waitFor(async () => expect(await countRuns(product, id)).toBe(2), patience)
    await setTurns(id, 4)
    await client.postMessage(id, { text: 'Message 4' })
    await following.untilTurns(5)
    following.close()
    expect(ofType(following.events, 'turn.finished').map(({ outcome }) => outcome)).toEqual(
      Array<string>(5).fill('success'),
    )
    const requests = await product.model.requests('runs')
    expect(JSON.stringify(requests.at(-1)?.body)).toContain('Message 1')
  },
)

/** Runs are looked for when a conversation has had as many turns as fill one. */
async function setTurns(id: string, turns: number): Promise<void> {
  const { databaseUrl: url } = product
  const database = openDatabase({ url, poolSize: 1, applicationName: 'test', onIdleError: () => {} })
  try {
    await database.rows('test_turns', 'update conversations set turns = $2 where id = $1', [id, turns])
  } finally {
    await database.close()
  }
}
