import { beforeEach, expect, test } from 'vitest'

import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { getConversation } from '../../src/store/conversations.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { type Retention, sweepConversation, sweepExpired, takeUnswept } from '../../src/store/sweeps.ts'
import { createStore } from '../support/store.ts'
import { approve, createAskingTurn } from './asking-turn.ts'
import { holdConversation } from './open-write.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })
const forEver: Retention = {
  events: undefined,
  eventDays: undefined,
  requestDays: undefined,
  resultDays: undefined,
  runs: undefined,
}

let turn: TurnScript
beforeEach(async () => {
  await database.rows('test_clear', 'delete from conversations')
  await database.rows('test_restart', 'truncate sweep_state')
  turn = createTurnScript(database, await store.createConversation())
})

/** A turn with one tool call of two steps. */
async function runTurn(number: number): Promise<void> {
  const message = `m${number}`
  await turn.accept(message, `Question ${number}`)
  await turn.announce(message)
  await turn.begin(number, 0, [message])
  await turn.askTools(number, 0, 1, ['one'])
  await database.rows(
    'test_step',
    `insert into tool_steps (call_id, step_index, name, output) values ($1, 0, 'one', '1')`,
    [turn.callOf(number, 0, 0)],
  )
  await turn.endCall(number, 0, 0)
  await turn.begin(number, 1)
  await turn.answer(number, 1, `Answer ${number}`)
}

async function sweep(retention: Partial<Retention>, batch = 100): Promise<number> {
  let calls = 1
  const options = { retention: { ...forEver, ...retention }, batch }
  while (await sweepConversation(database, turn.conversationId, options)) calls += 1
  return calls
}

async function count(table: string): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    `test_count_${table}`,
    `select count(*) from ${table} where ${table === 'tool_steps' ? 'call_id like $1' : 'conversation_id like $1'}`,
    [`${turn.conversationId}%`],
  )
  return row?.count ?? 0
}

const age = (days: number) =>
  database.rows(
    'test_age',
    'update events set ts = now() - make_interval(days => $2) where conversation_id = $1',
    [turn.conversationId, days],
  )
const readFloor = async () => {
  const [row] = await database.rows<{ log_floor: number }>(
    'test_floor',
    'select log_floor from conversations where id = $1',
    [turn.conversationId],
  )
  return row?.log_floor
}

test('the rows of a long conversation stay bounded, and its messages still read', async () => {
  const sizes: number[] = []
  for (let number = 1; number <= 60; number++) {
    await runTurn(number)
    if (number % 20 !== 0) continue
    await sweep({ events: 100 })
    sizes.push((await count('events')) + (await count('rounds')) + (await count('tool_steps')))
  }
  expect(new Set(sizes).size).toBe(1)
  expect(await count('events')).toBe(100)
  const { messages } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(messages.at(-1)).toMatchObject({ text: 'Answer 60' })
  expect(await count('messages')).toBe(240)
  expect(await count('tool_calls')).toBe(60)
  // And it goes on.
  await runTurn(61)
  expect((await getConversation(database, turn.owner, turn.conversationId)).state).toBe('idle')
})

test('the floor says up to where the log is gone', async () => {
  for (const number of [1, 2, 3]) await runTurn(number)
  const all = await turn.readEvents()
  await sweep({ events: 20 })
  const kept = await turn.readEvents()
  expect(kept).toEqual(all.slice(-20))
  expect(await readFloor()).toBe(all.at(-21)?.seq)
  await sweep({ events: 20 })
  expect(await turn.readEvents()).toEqual(kept)
})

test('behavior: a turn of which nothing is left stays over, and its message is not shown again', async () => {
  for (const number of [1, 2, 3]) await runTurn(number)
  await sweep({ events: 1 })
  const kept = await turn.readEvents()
  expect(new Set(kept.map(({ turnId }) => turnId))).toEqual(new Set([turn.turnIdOf(3)]))
  expect(await turn.begin(1, 0, ['m1'])).toEqual({ outcome: 'over' })
  expect(await turn.begin(1, 2)).toEqual({ outcome: 'over' })
  expect(await turn.announce('m1')).toBe('started')
  expect(await turn.readEvents()).toEqual(kept)
})

test('behavior: a conversation that is written to now is swept later', async () => {
  for (const number of [1, 2, 3]) await runTurn(number)
  const all = await count('events')
  const write = await holdConversation(database, turn.conversationId)
  await sweep({ events: 20 })
  expect(await count('events')).toBe(all)
  await write.commit()
  expect((await takeUnswept(database, { limit: 10, restMs: 0 }))?.ids).toEqual([turn.conversationId])
  await sweep({ events: 20 })
  expect(await count('events')).toBe(20)
})

test('behavior: of the latest turn everything stays, however old or long it is', async () => {
  await runTurn(1)
  await turn.accept('m2')
  await turn.begin(2, 0, ['m2'])
  await turn.askTools(2, 0, 1)
  await age(1_000)
  await sweep({ events: 1, eventDays: 1, requestDays: 1 })
  const types = await turn.listTypes()
  expect(types[0]).toBe('turn.started')
  expect(new Set((await turn.readEvents()).map(({ turnId }) => turnId))).toEqual(new Set([turn.turnIdOf(2)]))
  // The turn ends as it would have.
  await turn.endCall(2, 0, 0)
  await turn.begin(2, 1)
  await turn.answer(2, 1, 'Done')
  expect(await turn.begin(2, 1)).toMatchObject({ outcome: 'done' })
})

test('behavior: by age only what is older goes, and without limits nothing', async () => {
  for (const number of [1, 2]) await runTurn(number)
  const before = await count('events')
  await sweep({ eventDays: 1 })
  expect(await count('events')).toBe(before)
  await age(2)
  await sweep({})
  expect(await count('events')).toBe(before)
  await runTurn(3)
  const young = (await count('events')) - before
  await sweep({ eventDays: 1 })
  expect(await count('events')).toBe(young)
})

test('behavior: text that was streamed and replaced goes with the next turn', async () => {
  const { conversationId, answerOf, turnIdOf } = turn
  const stream = (number: number) =>
    log.append(conversationId, [
      {
        key: null,
        turnId: turnIdOf(number),
        body: { type: 'text.delta', messageId: answerOf(number, 0), attempt: 1, delta: 'Half', offset: 0 },
      },
    ])
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await stream(1)
  await turn.stop(1)
  await turn.accept('m2')
  await turn.begin(2, 0, ['m2'])
  await stream(2)
  await sweep({})
  const deltas = (await turn.readEvents()).filter(({ type }) => type === 'text.delta')
  expect(deltas.map(({ turnId }) => turnId)).toEqual([turnIdOf(2)])
})

test('behavior: much is removed in small batches', async () => {
  for (let number = 1; number <= 10; number++) await runTurn(number)
  expect(await sweep({ events: 20 }, 30)).toBeGreaterThan(3)
  expect(await count('events')).toBe(20)
})

test('behavior: requests go by age once they are over', async () => {
  const asking = await createAskingTurn(store)
  turn = asking.turn
  const { requestId, callIds } = await asking.askPermission(1)
  await asking.answer(requestId, approve(...callIds))
  await turn.endCall(1, 0, 0)
  await turn.begin(1, 1)
  await turn.answer(1, 1, 'Done')
  await database.rows('test_old', "update requests set resolved_at = now() - interval '3 days'")
  await sweep({ requestDays: 2 })
  expect(await count('requests')).toBe(1)
  await runTurn(2)
  await sweep({ requestDays: 4 })
  expect(await count('requests')).toBe(1)
  await sweep({ requestDays: 2 })
  expect(await count('requests')).toBe(0)
  expect(await asking.countAnswers()).toBe(0)
})

test('all conversations are taken once on the way, then nothing for a while; a changed one next time', async () => {
  const others = await Promise.all(Array.from({ length: 4 }, () => store.createConversation()))
  await runTurn(1)
  const take = (restMs: number) => takeUnswept(database, { limit: 3, restMs })
  const [first, second] = [await take(60_000), await take(60_000)]
  expect([first?.ended, second?.ended]).toEqual([false, true])
  const ids = [...(first?.ids ?? []), ...(second?.ids ?? [])]
  expect(ids.toSorted()).toEqual([turn.conversationId, ...others.map(({ id }) => id)].toSorted())
  expect(await take(60_000)).toBeNull()

  for (const id of ids) await sweepConversation(database, id, { retention: forEver, batch: 100 })
  await runTurn(2)
  await database.rows('test_rested', "update sweep_state set rests_until = '-infinity'")
  const again = [...((await take(0))?.ids ?? []), ...((await take(0))?.ids ?? [])]
  expect(again).toEqual([turn.conversationId])
})

test('a conversation is named as long when it has had as many turns as fill a run, and again after as many', async () => {
  await runTurn(1)
  const takeAfter = async (turns: number) => {
    await database.rows('test_turns', 'update conversations set turns = $1, last_seq = last_seq + 1', [turns])
    const taken = await takeUnswept(database, { limit: 10, restMs: 0 })
    for (const id of taken?.ids ?? [])
      await sweepConversation(database, id, { retention: forEver, batch: 100 })
    return taken?.long
  }
  expect(await takeAfter(39)).toEqual([])
  expect(await takeAfter(40)).toEqual([turn.conversationId])
  expect(await takeAfter(79)).toEqual([])
  expect(await takeAfter(95)).toEqual([turn.conversationId])
  expect(await takeAfter(96)).toEqual([])
})

test('what has run out goes: tokens, idempotency keys and rate limits', async () => {
  const owner = await store.createOwner()
  await store.createConversation({ owner, idempotency: { key: 'old', requestHash: 'h' } })
  await database.rows('test_old_key', "update idempotency_keys set created_at = now() - interval '25 hours'")
  await store.createConversation({ owner, idempotency: { key: 'new', requestHash: 'h' } })
  await database.rows(
    'test_limit',
    "insert into rate_limits (key, points, expire) values ('old', 1, 1), ('ever', 1, null)",
  )
  await database.rows(
    'test_token',
    "update login_tokens set expires_at = now() - interval '1 minute' where owner_id = $1",
    [owner],
  )
  const [before] = await database.rows<{ count: number }>('test_tokens', 'select count(*) from login_tokens')
  await sweepExpired(database, 100)
  const [after] = await database.rows<{ count: number }>('test_tokens', 'select count(*) from login_tokens')
  expect((before?.count ?? 0) - (after?.count ?? 0)).toBe(1)
  expect(await database.rows('test_keys', 'select key from idempotency_keys')).toEqual([{ key: 'new' }])
  expect(await database.rows('test_limits', 'select key from rate_limits')).toEqual([{ key: 'ever' }])
})
