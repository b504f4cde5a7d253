import { expect, test } from 'vitest'

import { reportUsage } from '../../src/store/usage.ts'
import { createStore } from '../support/store.ts'
import { budgetsOf, createCallScript } from './call-script.ts'

const store = await createStore()
const { database } = store
const price = { input: 1_000_000, output: 2_000_000, cached: 100_000 }

/** Two turns of one conversation, a title of another one, and a call of somebody else. */
async function spend() {
  const { id, owner } = await store.createConversation()
  const other = await store.createConversation({ owner })
  const stranger = await store.createConversation()
  const budgets = budgetsOf({ price })
  const asked = [
    [{ owner, conversationId: id, turnId: `${id}.t1` }, 'summary', 10],
    [{ owner, conversationId: id, turnId: `${id}.t2` }, 'summary', 20],
    [{ owner, conversationId: other.id }, 'title', 40],
    [{ owner: stranger.owner, conversationId: stranger.id }, 'title', 80],
  ] as const
  for (const [place, kind, tokens] of asked) {
    const calls = createCallScript(database, place)
    const call = await calls.reserve('call', { inputTokens: tokens, kind, budgets })
    await calls.settle(call, tokens, 1, kind === 'title')
  }
  return { id, owner, budgets, stranger }
}

const noUsage = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  costUsd: '0',
  estimatedCalls: 0,
}

test('an owner sees all that was used, by day, model and kind', async () => {
  const { owner, budgets } = await spend()
  const report = await reportUsage(database, { owner, days: 30 }, budgets)
  const sum = {
    calls: 3,
    inputTokens: 70,
    outputTokens: 3,
    cachedTokens: 0,
    costUsd: '0.000076',
    estimatedCalls: 1,
  }
  expect(report).toEqual({
    total: sum,
    today: sum,
    reserved: { calls: 0, tokens: 0, costUsd: '0' },
    days: [{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), ...sum }],
    models: [
      {
        ...sum,
        model: 'scripted/demo',
        kind: 'summary',
        calls: 2,
        inputTokens: 30,
        outputTokens: 2,
        costUsd: '0.000034',
        estimatedCalls: 0,
      },
      {
        ...sum,
        model: 'scripted/demo',
        kind: 'title',
        calls: 1,
        inputTokens: 40,
        outputTokens: 1,
        costUsd: '0.000042',
      },
    ],
    limits: [],
  })
})

test('behavior: of a conversation, and of one of its turns', async () => {
  const { id, owner, budgets } = await spend()
  const whole = await reportUsage(database, { owner, conversationId: id, days: 1 }, budgets)
  expect(whole.conversation).toMatchObject({ calls: 2, inputTokens: 30 })
  expect(whole.models).toMatchObject([{ kind: 'summary', calls: 2 }])
  expect(whole).not.toHaveProperty('turn')
  const turn = await reportUsage(database, { owner, turnId: `${id}.t2`, days: 1 }, budgets)
  expect(turn).toMatchObject({
    turn: { calls: 1, inputTokens: 20 },
    conversation: { calls: 2 },
    models: [{ calls: 1 }],
  })
})

test("behavior: nothing of somebody else's, and of an owner without calls only zeros", async () => {
  const { owner, budgets, stranger } = await spend()
  const { conversation, models } = await reportUsage(
    database,
    { owner, conversationId: stranger.id, days: 1 },
    budgets,
  )
  expect({ conversation, models }).toEqual({ conversation: noUsage, models: [] })
  const empty = await reportUsage(database, { owner: 'o_nobody', days: 1 }, budgets)
  expect(empty).toMatchObject({ total: noUsage, today: noUsage, days: [], models: [] })
})

test('behavior: limits say what is left, what runs now counted', async () => {
  const { id, owner } = await spend()
  const turnId = `${id}.t2`
  const budgets = budgetsOf({
    turn: { tokens: 1_000 },
    day: { tokens: 100, cost: 100_000_000n },
    owner: { cost: 50_000_000n },
    price,
  })
  const place = createCallScript(database, { owner, conversationId: id, turnId })
  await place.reserve('running', {
    inputTokens: 5,
    maxOutputTokens: 5,
    kind: 'summary',
    budgets: budgetsOf({ price }),
  })
  const { limits, reserved } = await reportUsage(database, { owner, turnId, days: 1 }, budgets)
  expect(reserved).toEqual({ calls: 1, tokens: 10, costUsd: '0.000015' })
  expect(limits).toEqual([
    { code: 'turn_budget', tokens: { limit: 1_000, left: 969 } },
    { code: 'day_budget', tokens: { limit: 100, left: 17 }, usd: { limit: '0.0001', left: '0.000009' } },
    { code: 'owner_budget', usd: { limit: '0.00005', left: '0' } },
  ])
})
