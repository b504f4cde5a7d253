import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { listEntries, listReserved, readSums } from '../store/call-script.ts'
import { follow, ofType } from '../support/follow.ts'
import { openHeldWire } from '../support/held-wire.ts'
import { holdTable } from '../support/held-table.ts'
import { type Product, startProduct } from '../support/product.ts'
import { openScriptedModel } from '../support/scripted-model.ts'
import { callsOf, startTalk, type Talk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

// Processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

// Of a second provider, whose wire can be held.
const second = await openScriptedModel()
const wire = await openHeldWire(second.baseUrl)
let product: Product
let client: Client
let database: Database
let owner: string

beforeAll(async () => {
  product = await startProduct({
    env: {
      ...(await prebuiltBundle()),
      PERDURA_PROVIDERS: 'openai,held',
      PERDURA_MODEL: 'openai/scripted',
      HELD_BASE_URL: wire.url,
      HELD_API_KEY: 'sk-test-key',
      HELD_MODELS: 'far',
      PERDURA_PRICES: 'scripted=0.25/2/0.025,far=0.25/2/0.025',
      PERDURA_DAY_BUDGET_USD: '1000',
    },
  })
  database = openDatabase({
    url: product.databaseUrl,
    poolSize: 1,
    applicationName: 'test',
    onIdleError: () => {},
  })
  client = await product.login()
  owner = (await client.getOwner()).id
})
afterAll(async () => {
  await product.close()
  await Promise.all([second.close(), wire.close(), database.close()])
})

async function killWorker(): Promise<void> {
  await product.workers.pop()?.kill('SIGKILL')
}

/** Waits for the end. Each request that was served is one entry; sums agree, and nothing is reserved. */
async function expectBooked({ id, following }: Talk, requests: number, neverServed = 0) {
  const end = await following.untilTurns(1)
  following.close()
  expect(end).toMatchObject({ outcome: 'success' })
  await expectWholeLog(client, id, following.events)
  const entries = (await listEntries(database, owner)).filter((entry) => entry.id.startsWith(`${id}.`))
  expect(entries).toHaveLength(requests + neverServed)
  expect(ofType(following.events, 'usage.recorded')).toHaveLength(entries.length)
  expect(await listReserved(database, owner)).toEqual([])
  const { entries: counted, days, total } = await readSums(database, owner)
  expect({ days, total }).toEqual({ days: counted, total: counted })
  return entries
}

const counted = { prompt_tokens: 100, completion_tokens: 20 }
const whole = { ...textOf('The whole answer.'), usage: counted }

test('killed while a tool runs: the call before it is booked once', async () => {
  const talk = await startTalk(product, client, 'in-tool', [
    { ...callsOf({ name: 'gated', arguments: { gate: 'in-tool' } }), usage: counted },
    whole,
  ])
  await product.gates.untilArrived('in-tool')
  await killWorker()
  await product.startWorker()
  product.gates.open('in-tool')
  const entries = await expectBooked(talk, await doneServed(talk, 'in-tool'))
  expect(entries).toMatchObject([
    { input_tokens: 100, output_tokens: 20, estimated: false },
    { input_tokens: 100, output_tokens: 20, estimated: false },
  ])
})

test('killed before the reservation: only the call that was made is booked', async () => {
  const held = await holdTable(product.databaseUrl, 'reservations')
  const talk = await startTalk(product, client, 'before', [whole])
  await held.untilReached('reserve_call')
  await killWorker()
  await held.endWaiting('reserve_call')
  await held.release()
  await product.startWorker()
  expect(await expectBooked(talk, await doneServed(talk, 'before'))).toHaveLength(1)
})

test('killed between the reservation and the request: nobody can know, so its input is booked', async () => {
  await second.script('between', [whole])
  const { id } = await client.createConversation({ model: 'held/far' })
  const talk = await followFrom(id, 'between')
  await wire.untilConnected()
  await killWorker()
  await wire.untilGone()
  wire.open()
  await product.startWorker()
  await talk.following.untilTurns(1)
  const requests = await second.requests('between')
  const entries = await expectBooked(talk, requests.length, 1)
  expect(entries).toMatchObject([
    { output_tokens: 0, estimated: true },
    { output_tokens: 20, estimated: false },
  ])
})

test('killed in the middle of an answer: what reached the log is booked, then the next attempt', async () => {
  const talk = await startTalk(product, client, 'middle', [textOf('Ten bytes.', { gate: 'never' }), whole])
  await talk.following.until(({ type }) => type === 'text.delta')
  await killWorker()
  await product.startWorker()
  const entries = await expectBooked(talk, await doneServed(talk, 'middle'))
  expect(entries).toMatchObject([
    { output_tokens: expect.any(Number), estimated: true },
    { input_tokens: 100, output_tokens: 20, cost: 65_000_000, estimated: false },
  ])
  expect(entries[0]?.input_tokens).toBeGreaterThan(100)
  expect(entries[0]?.output_tokens).toBeGreaterThan(0)
})

test('killed after the answer, before it was stored: both attempts are booked', async () => {
  const held = await holdTable(product.databaseUrl, 'rounds')
  const talk = await startTalk(product, client, 'after', [whole, whole])
  await held.untilReached('finish_round')
  await killWorker()
  await held.endWaiting('finish_round')
  await held.release()
  await product.startWorker()
  const entries = await expectBooked(talk, await doneServed(talk, 'after'))
  expect(entries).toMatchObject([{ estimated: true }, { output_tokens: 20, estimated: false }])
})

test('killed while the answer was being stored: it stands, and is booked once', async () => {
  const held = await holdTable(product.databaseUrl, 'rounds')
  const talk = await startTalk(product, client, 'stored', [whole])
  await held.untilReached('finish_round')
  await killWorker()
  // PostgreSQL has not noticed, and stores what it was given.
  await held.release()
  await product.startWorker()
  const entries = await expectBooked(talk, await doneServed(talk, 'stored'))
  expect(entries).toMatchObject([{ input_tokens: 100, output_tokens: 20, estimated: false }])
})

test('killed while a failed attempt was being settled, and again during the retry', async () => {
  const cut = {
    parts: [...(textOf('Ten bytes.', { gate: 'cut' }).parts ?? []), { type: 'fault', fault: 'cut' } as const],
  }
  const talk = await startTalk(product, client, 'retry', [cut, textOf('Again.', { gate: 'never' }), whole])
  await talk.following.until(({ type }) => type === 'text.delta')
  const held = await holdTable(product.databaseUrl, 'ledger')
  await product.model.openGate('cut')
  await held.untilReached('settle_call')
  await killWorker()
  await held.endWaiting('settle_call')
  await held.release()
  await product.startWorker()
  await talk.following.until((event) => event.type === 'text.delta' && event.attempt === 2)
  await killWorker()
  await product.startWorker()
  const entries = await expectBooked(talk, await doneServed(talk, 'retry'))
  expect(entries.map(({ estimated }) => estimated)).toEqual([true, true, false])
})

/** How many requests were served until the turn had ended. */
async function doneServed({ following }: Talk, key: string): Promise<number> {
  await following.untilTurns(1)
  return (await product.model.requests(key)).length
}

async function followFrom(id: string, key: string): Promise<Talk> {
  const text = `Go [script:${key}]`
  const following = follow(client, id)
  await client.postMessage(id, { text })
  return { id, turnId: `${id}.t1`, following, text }
}
