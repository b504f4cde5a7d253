import { beforeEach, expect, test } from 'vitest'

import { deleteConversation } from '../../src/store/deletions.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { endLostTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import {
  budgetsOf,
  createCallScript,
  createConversationApart,
  listEntries,
  listReserved,
  readSums,
} from './call-script.ts'
import { openWrite } from './open-write.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

let turn: TurnScript
let calls: ReturnType<typeof createCallScript>
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  calls = createCallScript(database, {
    owner: turn.owner,
    conversationId: turn.conversationId,
    turnId: turn.turnIdOf(1),
  })
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
})

const entries = () => listEntries(database, turn.owner)
const reserved = () => listReserved(database, turn.owner)
const usageEvents = async () => (await turn.readEvents()).filter(({ type }) => type === 'usage.recorded')

async function stream(attempt: number, ...deltas: string[]): Promise<void> {
  const messageId = turn.answerOf(1, 0)
  const events = deltas.map((delta) => ({
    key: null,
    turnId: turn.turnIdOf(1),
    body: { type: 'text.delta' as const, messageId, attempt, delta, offset: 0 },
  }))
  await log.append(turn.conversationId, events, { async: true })
}

/** Nothing is reserved any more, and each way to count says the same. */
async function expectBalance(): Promise<void> {
  expect(await reserved()).toEqual([])
  const { entries: counted, days, total } = await readSums(database, turn.owner)
  expect({ days, total }).toEqual({ days: counted, total: counted })
}

test('a call is reserved, then settled, and its conversation is told', async () => {
  const price = { input: 250_000, output: 2_000_000, cached: 25_000 }
  const call = await calls.reserve('r0.a1', {
    inputTokens: 100,
    maxOutputTokens: 50,
    budgets: budgetsOf({ price }),
  })
  expect(await reserved()).toEqual([call.key.id])
  expect(await entries()).toEqual([])

  await calls.settle(call, 90, 7)
  expect(await entries()).toMatchObject([
    {
      id: call.key.id,
      kind: 'answer',
      input_tokens: 90,
      output_tokens: 7,
      cost: 36_500_000,
      estimated: false,
    },
  ])
  expect(await usageEvents()).toMatchObject([
    {
      turnId: turn.turnIdOf(1),
      kind: 'answer',
      model: 'scripted/demo',
      inputTokens: 90,
      outputTokens: 7,
      costUsd: '0.0000365',
    },
  ])
  await expectBalance()
})

test('behavior: settling twice books once', async () => {
  const call = await calls.reserve('r0.a1', { inputTokens: 100 })
  await Promise.all(Array.from({ length: 5 }, () => calls.settle(call, 90, 7)))
  expect(await entries()).toHaveLength(1)
  expect(await usageEvents()).toHaveLength(1)
  await expectBalance()
})

test('behavior: a settlement whose reservation a crash took back is booked', async () => {
  const call = await calls.reserve('r0.a1', { inputTokens: 100 })
  await database.rows('lose', 'delete from reservations')
  await calls.settle(call, 90, 7)
  expect(await entries()).toHaveLength(1)
  await expectBalance()
})

test('behavior: the next try settles one whose worker is gone, with what reached the log', async () => {
  await calls.reserve('r0.a1', { inputTokens: 100 })
  await stream(1, 'ten bytes.', 'ten bytes.')
  await stream(2, 'of the next try')
  await calls.reserve('r0.a2', { inputTokens: 100 })
  expect(await entries()).toMatchObject([{ input_tokens: 100, output_tokens: 8, estimated: true }])
  expect(await usageEvents()).toMatchObject([
    { kind: 'answer', estimated: true, inputTokens: 100, outputTokens: 8, contextTokens: 108 },
  ])
  expect(await reserved()).toEqual([calls.keyOf('r0.a2').id])
})

test('behavior: what a deleted conversation had streamed is booked', async () => {
  await calls.reserve('r0.a1', { inputTokens: 100 })
  await stream(1, 'ten bytes.', 'ten bytes.')
  await deleteConversation(database, turn.owner, turn.conversationId)
  expect(await entries()).toMatchObject([{ input_tokens: 100, output_tokens: 8, estimated: true }])
  await expectBalance()
})

test('behavior: a worker that was taken for dead corrects what was estimated', async () => {
  const first = await calls.reserve('r0.a1', { inputTokens: 100 })
  const second = await calls.reserve('r0.a2', { inputTokens: 100 })
  await calls.settle(first, 90, 700)
  await calls.settle(second, 90, 7)
  expect(await entries()).toMatchObject([
    { output_tokens: 700, estimated: false },
    { output_tokens: 7, estimated: false },
  ])
  await expectBalance()
})

test('behavior: the end of a round settles its own call and a lost one, whose deltas go', async () => {
  await calls.reserve('r0.a2', { inputTokens: 100 })
  await stream(2, 'ten bytes.')
  await turn.answer(1, 0, 'Hi')
  expect(await entries()).toMatchObject([
    { id: calls.keyOf('r0.a1').id, input_tokens: 10, output_tokens: 2, estimated: false },
    { id: calls.keyOf('r0.a2').id, input_tokens: 100, output_tokens: 4, estimated: true },
  ])
  expect(await turn.listTypes()).not.toContain('text.delta')
  await expectBalance()
})

test.for(['stop', 'loss', 'another turn', 'deletion'])(
  'behavior: %s leaves nothing reserved',
  async (end) => {
    await calls.reserve('r0.a1', { inputTokens: 100 })
    await stream(1, 'ten bytes.')
    if (end === 'stop') await turn.stop(1)
    if (end === 'loss') await endLostTurn(database, turn.conversationId, turn.turnIdOf(1))
    if (end === 'another turn') {
      await turn.accept('m2')
      await turn.begin(2, 0, ['m2'])
    }
    if (end === 'deletion')
      await database.rows('delete_it', 'delete from conversations where id = $1', [turn.conversationId])
    expect(await entries()).toMatchObject([{ input_tokens: 100, output_tokens: 4, estimated: true }])
    await expectBalance()
    if (end === 'deletion') return
    const types = await turn.listTypes()
    expect(types.indexOf('usage.recorded')).toBeGreaterThan(0)
    expect(types.indexOf('usage.recorded')).toBeLessThan(types.indexOf('turn.finished'))
  },
)

test('behavior: what was spent stays when the conversation is deleted', async () => {
  const call = await calls.reserve('r0.a1', { inputTokens: 100 })
  await database.rows('delete_it', 'delete from conversations where id = $1', [turn.conversationId])
  await calls.settle(call, 90, 7)
  expect(await entries()).toMatchObject([{ input_tokens: 90, output_tokens: 7, estimated: false }])
  await expectBalance()
})

test('behavior: a call outside of any turn that nobody settles goes with the next one', async () => {
  const title = createCallScript(database, { owner: turn.owner, conversationId: turn.conversationId })
  await title.reserve('title', { inputTokens: 30, kind: 'title' })
  await database.rows('age', `update reservations set created_at = created_at - interval '61 minutes'`)
  const call = await calls.reserve('r0.a1', { inputTokens: 100 })
  expect(await entries()).toMatchObject([
    { kind: 'title', input_tokens: 30, output_tokens: 0, estimated: true },
  ])
  await calls.settle(call, 1, 1)
  await expectBalance()
})

test('error: a turn that has ended makes no more calls', async () => {
  await turn.stop(1)
  await expect(calls.reserve('r0.a1', { inputTokens: 100 })).rejects.toMatchObject({ code: 'stopped' })
  expect(await reserved()).toEqual([])
})

test('behavior: who settles does not wait for a commit of the owner’s other conversations', async () => {
  const { owner } = turn
  const other = await createConversationApart(store, turn)
  const place = { owner, conversationId: other }
  const wanted = { inputTokens: 100, maxOutputTokens: 50 }
  const theirs = await createCallScript(database, place).reserve('one', { ...wanted, kind: 'title' })
  const mine = await calls.reserve('r0.a1', wanted)
  const write = await openWrite(database)
  await createCallScript(write.database, place).settle(theirs, 90, 7)
  await calls.settle(mine, 80, 5)
  expect(await entries()).toHaveLength(1)
  await write.commit()
  expect(await entries()).toHaveLength(2)
  await expectBalance()
})
