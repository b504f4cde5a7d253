import { beforeEach, expect, test } from 'vitest'

import { createStore } from '../support/store.ts'
import { budgetsOf, createCallScript, createConversationApart, listReserved } from './call-script.ts'
import { openWrite } from './open-write.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

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

const reserved = () => listReserved(database, turn.owner)

test('behavior: the tightest limit bounds the output, and says so', async () => {
  const budgets = budgetsOf({ turn: { tokens: 1_000 }, day: { tokens: 5_000 }, owner: { tokens: 900 } })
  expect(await calls.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 5_000, budgets })).toMatchObject({
    maxOutputTokens: 800,
    bound: 'owner_budget',
  })
  const wide = await calls.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 200, budgets })
  expect(wide.maxOutputTokens).toBe(200)
  expect(wide).not.toHaveProperty('bound')
})

test('behavior: a limit in dollars leaves as many tokens as it pays for, never a part of one', async () => {
  const price = { input: 1_000_000, output: 3_000_000, cached: 100_000 }
  const budgets = budgetsOf({ day: { cost: 400_000_001n }, price })
  const call = await calls.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 5_000, budgets })
  expect(call).toMatchObject({ maxOutputTokens: 100, bound: 'day_budget' })
})

test('behavior: without a maximum an answer under a limit gets a usual one, without a limit none', async () => {
  const limited = await calls.reserve('r0.a1', {
    inputTokens: 100,
    budgets: budgetsOf({ day: { tokens: 1_000_000 } }),
  })
  expect(limited.maxOutputTokens).toBe(8_192)
  const free = await calls.reserve('r0.a1', { inputTokens: 100 })
  expect(free).not.toHaveProperty('maxOutputTokens')
})

test.for([
  ['turn_budget', { turn: { tokens: 163 } }],
  ['day_budget', { day: { tokens: 163 } }],
  ['owner_budget', { owner: { tokens: 163 } }],
  ['owner_budget', { owner: { cost: 263n }, price: { input: 2, output: 1, cached: 0 } }],
] as const)('error: %s when not even a short answer fits', async ([code, limits]) => {
  const refused = calls.reserve('r0.a1', {
    inputTokens: 100,
    maxOutputTokens: 500,
    budgets: budgetsOf(limits),
  })
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining('too little') })
  expect(await reserved()).toEqual([])
})

test('error: an input that no turn has room for is not to be tried in a new one', async () => {
  const whole = calls.reserve('r0.a1', { inputTokens: 900, budgets: budgetsOf({ turn: { tokens: 800 } }) })
  await expect(whole).rejects.toMatchObject({
    code: 'turn_budget',
    message: expect.stringMatching(/leaves 800 of 800 tokens.*Give the model less/),
  })
  const first = await calls.reserve('r0.a1', {
    inputTokens: 500,
    budgets: budgetsOf({ turn: { tokens: 800 } }),
  })
  await calls.settle(first, 500, 10)
  const rest = calls.reserve('r1.a1', { inputTokens: 500, budgets: budgetsOf({ turn: { tokens: 800 } }) })
  await expect(rest).rejects.toMatchObject({
    code: 'turn_budget',
    message: expect.stringMatching(/leaves 290 of 800 tokens.*Continue with a new message\.$/),
  })
})

test('behavior: an answer that is to be shorter than a short one is asked for', async () => {
  const budgets = budgetsOf({ turn: { tokens: 105 } })
  expect(await calls.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 5, budgets })).toMatchObject({
    maxOutputTokens: 5,
  })
})

test('behavior: what is spent and reserved counts, also of other turns of the day', async () => {
  const budgets = budgetsOf({ turn: { tokens: 1_000 }, day: { tokens: 1_500 } })
  const first = await calls.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 400, budgets })
  await calls.settle(first, 100, 300)
  await turn.answer(1, 0, 'Hi')
  await turn.accept('m2')
  await turn.begin(2, 0, ['m2'])
  const next = createCallScript(database, {
    owner: turn.owner,
    conversationId: turn.conversationId,
    turnId: turn.turnIdOf(2),
  })
  // 400 of the first attempt and 12 of the answer that the script stored count for the day, not for the new turn.
  expect(await next.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 5_000, budgets })).toMatchObject({
    maxOutputTokens: 900,
    bound: 'turn_budget',
  })
  expect(
    await next
      .reserve('r1.title', { inputTokens: 10, maxOutputTokens: 5_000, budgets, kind: 'title' })
      .catch((error: unknown) => error),
  ).toMatchObject({ code: 'turn_budget' })
})

test('error: two conversations in the same moment never pass a limit together', async () => {
  const budgets = budgetsOf({ day: { tokens: 1_000 } })
  const others = await Promise.all(
    Array.from({ length: 8 }, () => store.createConversation({ owner: turn.owner })),
  )
  const asked = others.map(({ id }) =>
    createCallScript(database, { owner: turn.owner, conversationId: id })
      .reserve('title', { inputTokens: 100, maxOutputTokens: 300, budgets, kind: 'title' })
      .then(
        ({ maxOutputTokens = 0 }) => maxOutputTokens + 100,
        () => 0,
      ),
  )
  const granted = await Promise.all(asked)
  expect(granted.toSorted((a, b) => b - a)).toEqual([400, 400, 200, 0, 0, 0, 0, 0])
})

test('behavior: what is being settled counts as reserved until it is spent, and nobody waits for it', async () => {
  const budgets = budgetsOf({ day: { tokens: 1_000 } })
  const place = { owner: turn.owner, conversationId: await createConversationApart(store, turn) }
  const others = createCallScript(database, place)
  const wanted = { inputTokens: 100, maxOutputTokens: 600, budgets }
  const first = await others.reserve('one', { ...wanted, kind: 'title' })
  const write = await openWrite(database)
  await createCallScript(write.database, place).settle(first, 90, 7)
  expect(await calls.reserve('r0.a1', wanted)).toMatchObject({ maxOutputTokens: 200, bound: 'day_budget' })
  await write.commit()
  expect(await calls.reserve('r0.a1', wanted)).toMatchObject({ maxOutputTokens: 600 })
})

test('error: one that reserves in the very moment of another waits for it, and gets what is left', async () => {
  const budgets = budgetsOf({ day: { tokens: 1_000 } })
  const other = await store.createConversation({ owner: turn.owner })
  const place = { owner: turn.owner, conversationId: other.id }
  const write = await openWrite(database)
  const first = await createCallScript(write.database, place).reserve('one', {
    inputTokens: 100,
    maxOutputTokens: 600,
    budgets,
    kind: 'title',
  })
  const second = calls.reserve('r0.a1', { inputTokens: 100, maxOutputTokens: 600, budgets })
  await write.untilAwaited()
  await write.commit()
  expect([first, await second]).toMatchObject([
    { maxOutputTokens: 600 },
    { maxOutputTokens: 200, bound: 'day_budget' },
  ])
})
