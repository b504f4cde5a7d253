import { beforeEach, expect, test } from 'vitest'

import { listConversations } from '../../src/store/conversations.ts'
import { markStalled } from '../../src/store/stalled.ts'
import { listWatchedConversations } from '../../src/store/watched-conversations.ts'
import { createStore } from '../support/store.ts'
import { createAskingTurn } from './asking-turn.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

beforeEach(async () => {
  await database.rows('test_clear', 'delete from conversations')
})

const idsOf = ({ conversations }: { conversations: readonly { id: string }[] }) =>
  conversations.map(({ id }) => id)

test('lists who waits for a person, of all owners, and what for', async () => {
  const [first, second] = [await createAskingTurn(store), await createAskingTurn(store)]
  const { requestId, callIds } = await first.askPermission(2)
  await second.askQuestion()
  await store.createConversation()
  const page = await listWatchedConversations(database, { state: 'waiting' })
  expect(page.nextCursor).toBeNull()
  expect(idsOf(page)).toEqual([first.id, second.id])
  expect(page.conversations[0]).toEqual({
    id: first.id,
    owner: first.owner,
    state: 'waiting',
    stalled: false,
    since: expect.stringMatching(/^\d{4}-.*Z$/),
    waitsFor: [
      {
        requestId,
        kind: 'permission',
        tools: callIds.map(() => expect.any(String)),
        expiresAt: expect.any(String),
      },
    ],
    queued: 0,
  })
  expect(page.conversations[1]?.waitsFor).toMatchObject([{ kind: 'question' }])
  const own = await listConversations(database, { owner: first.owner, archived: false, state: 'waiting' })
  expect(idsOf(own)).toEqual([first.id])
})

test('lists what is stalled, with the messages that wait', async () => {
  const turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.announce('m1')
  await store.createConversation({ owner: turn.owner })
  expect(idsOf(await listWatchedConversations(database, { state: 'stalled' }))).toEqual([])
  await markStalled(database, turn.conversationId, true)
  const { conversations } = await listWatchedConversations(database, { state: 'stalled' })
  expect(conversations).toMatchObject([{ id: turn.conversationId, stalled: true, waitsFor: [], queued: 1 }])
  const [notice] = (await turn.readEvents()).filter(({ type }) => type === 'notice')
  expect(conversations[0]?.since).toBe(notice?.ts)
  const own = await listConversations(database, { owner: turn.owner, archived: false, state: 'stalled' })
  expect(idsOf(own)).toEqual([turn.conversationId])
})

test('behavior: pages follow each other without gap or repeat', async () => {
  const owner = await store.createOwner()
  const ids = await Promise.all(
    Array.from({ length: 53 }, async () => (await store.createConversation({ owner })).id),
  )
  for (const id of ids) await markStalled(database, id, true)
  const first = await listWatchedConversations(database, { state: 'stalled' })
  expect(first.conversations).toHaveLength(50)
  const second = await listWatchedConversations(database, {
    state: 'stalled',
    cursor: first.nextCursor ?? '',
  })
  expect(second.nextCursor).toBeNull()
  expect([...idsOf(first), ...idsOf(second)].toSorted()).toEqual(ids.toSorted())
})

test('error: a cursor that is none is refused', async () => {
  const wanted = { state: 'waiting', cursor: 'nonsense' } as const
  await expect(listWatchedConversations(database, wanted)).rejects.toMatchObject({ code: 'invalid_request' })
})
