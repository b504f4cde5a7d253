import { beforeEach, expect, test } from 'vitest'

import { getConversation, patchConversation } from '../../src/store/conversations.ts'
import { deleteConversation } from '../../src/store/deletions.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let owner: string
beforeEach(async () => {
  owner = await store.createOwner()
})

test('default: without a limit an owner has as many as it wants', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => store.createConversation({ owner })))
  expect(new Set(made.map(({ id }) => id)).size).toBe(5)
})

test('error: one beyond the limit is refused, also in the same moment; a deleted one makes room', async () => {
  const create = () => store.createConversation({ owner, limit: 3 })
  const made = await Promise.allSettled(Array.from({ length: 6 }, create))
  const [kept] = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
  const refusals = made.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  expect(refusals).toHaveLength(3)
  expect(refusals[0]).toMatchObject({
    code: 'too_many_conversations',
    retryAfterMs: expect.any(Number),
    message: expect.stringContaining('3'),
  })
  await deleteConversation(database, owner, kept ?? '')
  await create()
  await expect(create()).rejects.toMatchObject({ code: 'too_many_conversations' })
})

test('behavior: what exists is found at the limit', async () => {
  const wanted = { owner, limit: 1, externalId: 'order-7', idempotency: { key: 'k', requestHash: 'h' } }
  const { id } = await store.createConversation(wanted)
  expect(await store.createConversation(wanted)).toMatchObject({ id })
})

test('behavior: a change of permissions is for the next turn', async () => {
  const { id } = await store.createConversation({ owner })
  const turn = createTurnScript(database, { id, owner })
  for (const message of ['m1', 'm2']) await turn.accept(message)
  expect(await turn.begin(1, 0, ['m1'])).toMatchObject({ settings: { permissions: 'allowReads' } })
  await patchConversation(database, owner, id, { permissions: 'denyAll', busyPolicy: 'steer' })
  expect(await getConversation(database, owner, id)).toMatchObject({
    permissions: 'denyAll',
    busyPolicy: 'steer',
  })
  await turn.askTools(1, 0, 1)
  expect(await turn.begin(1, 1)).toMatchObject({ settings: { permissions: 'allowReads' } })
  await turn.answer(1, 1, 'Hi')
  expect(await turn.begin(2, 0, ['m2'])).toMatchObject({ settings: { permissions: 'denyAll' } })
})
