import { beforeEach, expect, test } from 'vitest'

import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { keepAnswer } from '../../src/store/requests.ts'
import {
  countStalled,
  findUnanswered,
  getRunningTurn,
  markStalled,
  takeQuietConversations,
} from '../../src/store/stalled.ts'
import { createStore } from '../support/store.ts'
import { approve, createAskingTurn } from './asking-turn.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

let turn: TurnScript
beforeEach(async () => {
  // The conversations of earlier tests have nothing to do any more.
  await database.rows('test_clear', 'delete from conversations')
  turn = createTurnScript(database, await store.createConversation())
})

/** As if every look were late enough, and nothing had happened for a while. */
function take(limit = 10) {
  return takeQuietConversations(database, { limit, periodMs: 0, quietMs: 0 })
}

async function openTurn(message = 'm1', number = 1): Promise<void> {
  await turn.accept(message)
  await turn.announce(message)
  await turn.begin(number, 0, [message])
}

test('takes a conversation whose turn is open', async () => {
  await openTurn()
  expect(await take()).toEqual([{ id: turn.conversationId, turnId: turn.turnIdOf(1), stalled: false }])
})

test('takes a conversation in which a message waits for its turn', async () => {
  await turn.accept('m1')
  await turn.announce('m1')
  expect(await take()).toEqual([{ id: turn.conversationId, turnId: null, stalled: false }])
})

test('behavior: one with nothing to do is left alone, and one that something happens in', async () => {
  expect(await take()).toEqual([])
  await turn.accept('m1')
  // Its signal has failed, so it was not accepted.
  expect(await take()).toEqual([])
  await turn.announce('m1')
  expect(await takeQuietConversations(database, { limit: 10, periodMs: 0, quietMs: 60_000 })).toEqual([])
  await turn.begin(1, 0, ['m1'])
  expect(await takeQuietConversations(database, { limit: 10, periodMs: 0, quietMs: 60_000 })).toEqual([])
  await turn.answer(1, 0, 'Hi.')
  expect(await take()).toEqual([])
})

test('behavior: what people write is no sign of life', async () => {
  await openTurn()
  await database.rows(
    'test_age',
    "update events set ts = now() - interval '1 minute' where turn_id is not null",
  )
  await turn.accept('m2')
  await turn.announce('m2')
  const taken = await takeQuietConversations(database, { limit: 10, periodMs: 0, quietMs: 30_000 })
  expect(taken.map((conversation) => conversation.id)).toEqual([turn.conversationId])
})

test('behavior: one that waits for a person is left alone', async () => {
  await createAskingTurn(store).then((asking) => asking.askPermission(1))
  expect(await take()).toEqual([])
})

test('behavior: one whose workflow takes no answer is taken, and one that lets a time pass', async () => {
  const [answered, expired] = [await createAskingTurn(store), await createAskingTurn(store)]
  const { requestId, callIds } = await answered.askPermission(1)
  await expired.askQuestion()
  await keepAnswer(database, { id: 'a_1', requestId, by: answered.owner, ...approve(...callIds) })
  await database.rows(
    'test_expire',
    "update requests set expires_at = now() - interval '1 second' where conversation_id = $1",
    [expired.id],
  )
  const taken = await take()
  expect(taken.map((one) => one.id).toSorted()).toEqual([answered.id, expired.id].toSorted())
})

test('behavior: everyone gets a turn', async () => {
  const others = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const other = await store.createConversation({ owner: turn.owner })
      const script = createTurnScript(database, other)
      await script.accept('m1')
      await script.announce('m1')
      return other.id
    }),
  )
  await openTurn()
  const taken = [...(await take(2)), ...(await take(2)), ...(await take(2))].map((one) => one.id)
  expect(new Set(taken)).toEqual(new Set([turn.conversationId, ...others]))
})

test('behavior: one caller at a time, and once in a period', async () => {
  await openTurn()
  const search = { limit: 10, periodMs: 60_000, quietMs: 0 }
  await database.rows('test_look', "update stalled_watch set looked_at = now() - interval '2 minutes'")
  const answers = await Promise.all(Array.from({ length: 4 }, () => takeQuietConversations(database, search)))
  expect(answers.filter((taken) => taken.length > 0)).toHaveLength(1)
  expect(await takeQuietConversations(database, search)).toEqual([])
})

test('behavior: turns that a crash of the server has made it forget are found', async () => {
  await openTurn()
  await database.rows('test_crash', 'truncate open_turns, stalled_watch, stalled_looks')
  expect(await take()).toEqual([{ id: turn.conversationId, turnId: turn.turnIdOf(1), stalled: false }])
})

test('behavior: a mark is made and told once, and taken away once', async () => {
  await openTurn()
  const before = (await log.read(turn.conversationId, 0, 100)).nextAfter
  expect([
    await markStalled(database, turn.conversationId, true),
    await markStalled(database, turn.conversationId, true),
  ]).toEqual([true, false])
  expect(await countStalled(database)).toBe(1)
  await turn.answer(1, 0, 'Hi.')
  expect(await take()).toEqual([{ id: turn.conversationId, turnId: null, stalled: true }])
  expect([
    await markStalled(database, turn.conversationId, false),
    await markStalled(database, turn.conversationId, false),
  ]).toEqual([true, false])
  expect(await countStalled(database)).toBe(0)

  const told = (await log.read(turn.conversationId, before, 100)).events.filter(
    ({ turnId }) => turnId === undefined,
  )
  expect(told).toMatchObject([
    { type: 'conversation.updated', stalled: true },
    { type: 'notice', level: 'error', code: 'stalled' },
    { type: 'conversation.updated', stalled: false },
  ])
  expect(await markStalled(database, 'c_none', true)).toBe(false)
})

test('behavior: what waits is listed in order, for whom and with how many turns', async () => {
  await openTurn()
  for (const message of ['m2', 'm3']) {
    await turn.accept(message, 'Hello', { busyPolicy: 'interrupt' })
    await turn.announce(message)
  }
  await turn.accept('m4')
  const found = await findUnanswered(database, turn.conversationId)
  expect(found).toMatchObject({ owner: { id: turn.owner }, model: 'scripted/demo', turns: 1 })
  const messages = ['m2', 'm3', 'm4'].map((message) => ({
    messageId: turn.messageOf(message),
    position: expect.any(Number),
  }))
  expect(found?.messages).toEqual(messages)
  expect(await findUnanswered(database, 'c_none')).toBeUndefined()
})

test('error: the running turn of somebody else is not found', async () => {
  expect(await getRunningTurn(database, turn.owner, turn.conversationId)).toBeNull()
  await openTurn()
  expect(await getRunningTurn(database, turn.owner, turn.conversationId)).toBe(turn.turnIdOf(1))
  await expect(
    getRunningTurn(database, await store.createOwner(), turn.conversationId),
  ).rejects.toMatchObject({
    code: 'not_found',
  })
})
