import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import pg from 'pg'
import { expect, test } from 'vitest'

import { createDatabase } from '../support/servers.ts'
import { createStore } from '../support/store.ts'
import { listEntries, readSums } from './call-script.ts'
import { createTurnScript } from './turn-script.ts'

const folder = join(import.meta.dirname, '..', '..', 'src', 'store', 'migrations')

/** Runs the migrations up to a number that come after another one. */
async function runMigrations(client: pg.Client, after: number, upTo: number): Promise<void> {
  for (const file of (await readdir(folder)).toSorted()) {
    const number = Number.parseInt(file, 10)
    if (number > after && number <= upTo) await client.query(await readFile(join(folder, file), 'utf8'))
  }
}

test('what was counted before there was a ledger stands in it', async () => {
  const { url } = await createDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await runMigrations(client, 0, 7)
    await client.query(`insert into owners (id, kind) values ('o', 'guest')`)
    await client.query(`insert into conversations (id, owner_id, title, model, history)
      values ('c', 'o', 'Old', 'openai/gpt-5-mini', '{"kind":"full"}')`)
    await client.query(`insert into model_usage (turn_id, round, attempt, conversation_id, model, input_tokens,
        output_tokens, cached_tokens, context_tokens, context_limit, created_at)
      values ('c.t1', 0, 2, 'c', 'openai/gpt-5-mini', 100, 20, 40, 120, 1000, '2026-01-31T23:59:59Z'),
        ('c.t2', 1, 1, 'c', 'openai/gpt-5-mini', 10, 2, null, 12, 1000, '2026-02-01T00:00:01Z')`)
    await runMigrations(client, 7, 8)
    const { rows } = await client.query(
      'select id, kind, input_tokens, cost, estimated from ledger order by id',
    )
    expect(rows).toEqual([
      { id: 'c.t1.r0.a2', kind: 'answer', input_tokens: 100, cost: null, estimated: false },
      { id: 'c.t2.r1.a1', kind: 'answer', input_tokens: 10, cost: null, estimated: false },
    ])
    const { rows: days } = await client.query(
      'select day::text, calls, input_tokens, cached_tokens from daily_spending order by day',
    )
    expect(days).toEqual([
      { day: '2026-01-31', calls: '1', input_tokens: '100', cached_tokens: '40' },
      { day: '2026-02-01', calls: '1', input_tokens: '10', cached_tokens: '0' },
    ])
    expect((await client.query('select tokens, cost from owner_spending')).rows).toEqual([
      { tokens: '132', cost: '0' },
    ])
  } finally {
    await client.end()
  }
})

test('a process of release 0.2 goes on, and what its calls used is booked', async () => {
  const store = await createStore()
  const turn = createTurnScript(store.database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  const usage = {
    attempt: 2,
    model: 'scripted/demo',
    inputTokens: 10,
    outputTokens: 2,
    contextTokens: 12,
    contextLimit: 1_000,
  }
  const finish = () =>
    store.database.call('finish_round', [
      turn.conversationId,
      turn.turnIdOf(1),
      0,
      '{"kind":"finished","outcome":"success"}',
      null,
      '[]',
      null,
      JSON.stringify(usage),
      '[]',
      0,
      true,
    ])
  expect(await finish()).toMatchObject({ outcome: 'stored' })
  expect(await finish()).toMatchObject({ outcome: 'done' })
  expect(await listEntries(store.database, turn.owner)).toMatchObject([
    { id: `${turn.answerOf(1, 0)}.a2`, kind: 'answer', input_tokens: 10, output_tokens: 2, estimated: false },
  ])
  const { entries, days, total } = await readSums(store.database, turn.owner)
  expect({ days, total }).toEqual({ days: entries, total: entries })
})
