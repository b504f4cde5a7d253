import { beforeEach, expect, test } from 'vitest'

import { deleteConversation } from '../../src/store/deletions.ts'
import { withdrawMessage } from '../../src/store/messages.ts'
import { endLostTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let owner: string
beforeEach(async () => {
  owner = await store.createOwner()
})

async function createTurn(): Promise<TurnScript & { id: string }> {
  const conversation = await store.createConversation({ owner })
  return { ...createTurnScript(database, conversation), id: conversation.id }
}

async function countOpen(): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    'count_open',
    'select count(*) from open_turns where owner_id = $1',
    [owner],
  )
  return row?.count ?? 0
}

const ends: Record<string, (turn: TurnScript & { id: string }) => Promise<unknown>> = {
  'an answer': (turn) => turn.answer(1, 0, 'Hi'),
  'a stop': (turn) => turn.stop(1),
  'the loss of its workflow': (turn) => endLostTurn(database, turn.id, turn.turnIdOf(1)),
  'the end of its conversation': (turn) => deleteConversation(database, owner, turn.id),
}

test.for(Object.keys(ends))('a turn takes a place until %s', async (end) => {
  const turn = await createTurn()
  await turn.accept('m1')
  expect(await countOpen()).toBe(1)
  await turn.begin(1, 0, ['m1'])
  await turn.begin(1, 0, ['m1'])
  expect(await countOpen()).toBe(1)
  await ends[end]?.(turn)
  expect(await countOpen()).toBe(0)
})

test('error: a turn beyond the limit is refused, also of messages in the same moment', async () => {
  const turns = await Promise.all(Array.from({ length: 8 }, createTurn))
  const posts = await Promise.allSettled(turns.map((turn) => turn.accept('m1', 'Hello', { turnLimit: 3 })))
  const refusals = posts.flatMap((post) => (post.status === 'rejected' ? [post.reason] : []))
  expect(refusals).toHaveLength(5)
  expect(refusals[0]).toMatchObject({ code: 'too_many_turns', retryAfterMs: expect.any(Number) })
  expect(await countOpen()).toBe(3)
})

test('behavior: an end makes room', async () => {
  const [first, second] = [await createTurn(), await createTurn()]
  await first.accept('m1', 'Hello', { turnLimit: 1 })
  await first.begin(1, 0, ['m1'])
  const post = () => second.accept('m1', 'Hello', { turnLimit: 1 })
  await expect(post()).rejects.toMatchObject({ code: 'too_many_turns' })
  await first.answer(1, 0, 'Hi')
  expect(await post()).toMatchObject({ repeated: false })
})

test('behavior: messages for a turn that runs or is about to need no place of their own', async () => {
  const turn = await createTurn()
  for (const message of ['m1', 'm2']) await turn.accept(message, 'Hello', { turnLimit: 1 })
  await turn.begin(1, 0, ['m1'])
  await turn.accept('m3', 'Hello', { turnLimit: 1 })
  expect(await countOpen()).toBe(1)
})

test('behavior: other owners are not counted', async () => {
  const mine = await createTurn()
  await mine.accept('m1', 'Hello', { turnLimit: 1 })
  const theirs = createTurnScript(database, await store.createConversation())
  expect(await theirs.accept('m1', 'Hello', { turnLimit: 1 })).toMatchObject({ repeated: false })
})

test('behavior: a message that was withdrawn gives its place back, unless another one waits', async () => {
  const turn = await createTurn()
  for (const message of ['m1', 'm2']) await turn.accept(message)
  const withdraw = (message: string) =>
    withdrawMessage(database, { conversationId: turn.id, owner, id: turn.messageOf(message) })
  await withdraw('m1')
  expect(await countOpen()).toBe(1)
  await withdraw('m2')
  expect(await countOpen()).toBe(0)
})

test('behavior: withdrawing during a turn leaves the turn its place', async () => {
  const turn = await createTurn()
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.accept('m2')
  await withdrawMessage(database, { conversationId: turn.id, owner, id: turn.messageOf('m2') })
  expect(await countOpen()).toBe(1)
})

test('behavior: a turn that never came holds its place for a while only', async () => {
  const [never, next] = [await createTurn(), await createTurn()]
  await never.accept('m1')
  await expect(next.accept('m1', 'Hello', { turnLimit: 1 })).rejects.toMatchObject({ code: 'too_many_turns' })
  await database.rows(
    'pass',
    `update open_turns set held_until = held_until - interval '2 minutes' where owner_id = $1`,
    [owner],
  )
  expect(await next.accept('m1', 'Hello', { turnLimit: 1 })).toMatchObject({ repeated: false })
})

test('behavior: a turn that takes the place of a lost one is counted once', async () => {
  const turn = await createTurn()
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.accept('m2')
  await turn.begin(2, 0, ['m2'])
  expect(await countOpen()).toBe(1)
  await turn.stop(1)
  expect(await countOpen()).toBe(1)
  await turn.answer(2, 0, 'Hi')
  expect(await countOpen()).toBe(0)
})
