import { readFile } from 'node:fs/promises'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { openDatabase } from '../../src/store/database.ts'
import { dumpText } from '../store/dump-text.ts'
import { fillHistory } from '../support/fill-history.ts'
import { ofType } from '../support/follow.ts'
import { countRuns, readHistories } from '../support/histories.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct()
  client = await product.login()
})
afterAll(() => product.close())

// The server takes half a minute for a run that had ended before.
const patience = { timeout: 90_000, interval: 250 }

async function readDatabase(): Promise<string> {
  const { databaseUrl: url } = product
  const database = openDatabase({ url, poolSize: 2, applicationName: 'test', onIdleError: () => {} })
  try {
    return await dumpText(database)
  } finally {
    await database.close()
  }
}

test(
  'nothing of a deleted conversation is left: no content in any table, and no run',
  { timeout: 180_000 },
  async () => {
    const marker = 'MARKER7f3a'
    const { id, following } = await startTalk(product, client, marker, [
      callsOf({ name: 'gated', arguments: { gate: `${marker}-gate`, note: marker } }),
      textOf(`${marker} answered.`),
      callsOf({ name: 'gated_steps', arguments: { gate: `${marker}-step` } }),
      textOf(`${marker} answered again.`, { gate: `${marker}-held` }, 'Never sent.'),
    ])
    product.gates.open(`${marker}-gate`)
    for (const step of ['one', 'two', 'three']) product.gates.open(`${marker}-step-${step}`)
    await client.updateConversation(id, { title: marker, instructions: marker })
    await following.untilTurns(1)
    const [first] = ofType(following.events, 'user.message')
    await client.regenerate(id, { messageId: first?.messageId ?? '', text: `${marker} [script:${marker}]` })
    await fillHistory(product, id, first?.messageId ?? '')
    await following.until(({ type, turnId }) => type === 'text.delta' && turnId === `${id}.t2`)
    const fork = await client.forkConversation(id, first?.messageId ?? '')
    await client.postMessage(id, { text: `${marker} waits` })
    expect(await readDatabase()).toContain(marker)
    await vi.waitFor(async () => expect(await countRuns(product, id)).toBeGreaterThan(1), patience)

    for (const each of [id, fork.id]) await client.deleteConversation(each)
    expect(await readDatabase()).not.toContain(marker)
    following.close()
    await product.model.until(marker, 4, 'closed')
    for (const call of [
      () => client.getConversation(id),
      () => client.postMessage(id, { text: 'Hello' }),
      () => client.deleteConversation(id),
      () => client.listMessages(id),
      () => client.exportConversation(id),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'not_found' })
    await vi.waitFor(async () => expect(await countRuns(product, id)).toBe(0), patience)
    expect(await readHistories(product)).toEqual([])
    // What was running came to nothing without a word.
    expect(await readDatabase()).not.toContain(marker)
    const logs = await Promise.all(
      [product.api, ...product.workers].map(({ logFile }) => readFile(logFile, 'utf8')),
    )
    expect(logs.join('\n')).not.toMatch(/"level":"(error|fatal)"/)
  },
)
