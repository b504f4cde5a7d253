import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { listEntries, listReserved } from '../store/call-script.ts'
import { follow, ofType } from '../support/follow.ts'
import { holdTable } from '../support/held-table.ts'
import { type Product, startProduct } from '../support/product.ts'
import { textOf } from '../support/talk.ts'
import { openSecondModel } from '../support/two-models.ts'
import { expectWholeLog } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

vi.setConfig({ testTimeout: 120_000 })

// The fallback reads much less.
const { other, env } = await openSecondModel()
let product: Product
let client: Client
let database: Database
let owner: string

beforeAll(async () => {
  product = await startProduct({
    env: {
      ...env,
      ...(await prebuiltBundle()),
      MISTRAL_MODELS: 'other:12000',
      PERDURA_MODEL_TRIES: '1',
      PERDURA_FALLBACK_MODELS: 'mistral/other',
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
  await database.close()
})

const entriesOf = async (turnId: string) =>
  (await listEntries(database, owner)).filter(({ id }) => id.startsWith(`${turnId}.`))

test('a fallback that reads less, and sums up first: each request is paid once, the last text counts', async () => {
  const key = 'sums-up'
  const asked = 5
  const cut: ScriptedReply = {
    parts: [
      { type: 'text', text: 'Half of ' },
      { type: 'gate', name: key },
      { type: 'fault', fault: 'cut' },
    ],
  }
  await product.model.script(key, [...Array.from({ length: asked }, () => textOf('Yes.')), cut])
  await other.script(key, [textOf('{"summary":"They spoke."}'), textOf('Whole.')])
  const { id } = await client.createConversation({ history: { kind: 'summary' }, tools: ['time_now'] })
  const following = follow(client, id)
  for (let turn = 1; turn <= asked + 1; turn++) {
    await client.postMessage(id, { text: `${turn} [script:${key}] ${'so to speak '.repeat(250)}` })
    if (turn <= asked) await following.untilTurns(turn)
  }
  const turnId = `${id}.t${asked + 1}`
  await following.until((event) => event.type === 'text.delta' && event.turnId === turnId)
  await product.model.openGate(key)
  expect(await following.untilTurns(asked + 1)).toMatchObject({ outcome: 'success' })
  following.close()

  const events = following.events.filter((event) => event.turnId === turnId)
  expect(ofType(events, 'context.compacted')).toHaveLength(1)
  expect(ofType(events, 'usage.recorded').map(({ model }) => model)).toEqual([
    'openai/scripted',
    'mistral/other',
    'mistral/other',
  ])
  const entries = await entriesOf(turnId)
  expect(entries.map(({ kind }) => kind).toSorted()).toEqual(['answer', 'answer', 'summary'])
  expect(await listReserved(database, owner)).toEqual([])
  const [first, last] = ofType(events, 'text.started').map(({ attempt }) => attempt)
  expect(last).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY)
  expect(ofType(events, 'text.completed')).toMatchObject([{ text: 'Whole.', attempt: last }])
  expect((await client.getConversation(id)).messages.at(-1)).toMatchObject({ text: 'Whole.' })
  await expectWholeLog(client, id, following.events)
})

test('killed when the fallback is about to go on: what was refused costs nothing', async () => {
  const key = 'refused'
  await product.model.script(key, [{ status: 401, repeat: true }])
  await other.script(key, [textOf('Whole.')])
  for (const [index, statement] of holdNotices.entries()) await database.rows(`hold_${index}`, statement)
  const held = await holdTable(product.databaseUrl, 'held_notices')
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  await held.untilReached('use_fallback')
  await product.workers.pop()?.kill('SIGKILL')
  await held.endWaiting('use_fallback')
  await held.release()
  await product.startWorker()
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  const [refused, ...more] = await entriesOf(`${id}.t1`)
  expect(refused).toMatchObject({ input_tokens: 0, output_tokens: 0 })
  expect(more).toHaveLength((await product.model.requests(key)).length)
  await expectWholeLog(client, id, following.events)
})

/** A notice takes a table that can be held. */
const holdNotices = [
  'create table held_notices (one int)',
  `create function hold_notice() returns trigger language plpgsql as $$
     begin
       if new.type = 'notice' then
         insert into held_notices values (1);
       end if;
       return new;
     end $$`,
  'create trigger held before insert on events for each row execute function hold_notice()',
]
