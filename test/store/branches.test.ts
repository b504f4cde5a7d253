import { expect, test } from 'vitest'

import { patchConversation } from '../../src/store/conversations.ts'
import { forgetDue } from '../../src/store/forgettings.ts'
import { listMessages } from '../../src/store/message-pages.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createBranching } from './branching.ts'

const store = await createStore()
const { database } = store
const { talk, replace, textsOf, toldTexts, compactUpTo, listCompactions } = createBranching(store)

test('an edited message takes the place of the old one and of all that followed', async () => {
  const turn = await talk(3)
  const accepted = await replace(turn, 'm2', 'm2b', { text: 'Question two' })
  expect(accepted).toMatchObject({ repeated: false, turns: 3 })
  const { messages, queue } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(messages.map(({ id }) => id)).toEqual([
    turn.messageOf('m1'),
    turn.answerOf(1, 0),
    turn.callOf(1, 0, 1),
    turn.callOf(1, 0, 0),
    turn.answerOf(1, 1),
  ])
  expect(queue).toMatchObject([{ messageId: turn.messageOf('m2b'), text: 'Question two' }])
  const [superseded, shown] = (await turn.readEvents()).slice(-2)
  expect(superseded).toMatchObject({ type: 'messages.superseded', by: turn.messageOf('m2b') })
  expect(superseded?.type === 'messages.superseded' && superseded.messageIds).toHaveLength(10)
  expect(superseded).toMatchObject({
    messageIds: [turn.messageOf('m2'), turn.answerOf(2, 0), ...Array(8).fill(expect.any(String))],
  })
  expect(shown).toMatchObject({
    type: 'user.message',
    messageId: turn.messageOf('m2b'),
    text: 'Question two',
  })

  await turn.begin(4, 0, ['m2b'])
  await turn.answer(4, 0, 'Another answer')
  expect(await textsOf(turn)).toEqual(['Question 1', '', 'Answer 1', 'Question two', 'Another answer'])
  expect(await toldTexts(turn.conversationId)).toEqual(['Question 1', 'Question two'])
  const parent = (await getSnapshot(database, turn.owner, turn.conversationId)).messages.at(-2)
  expect(parent).toMatchObject({ id: turn.messageOf('m2b'), parentId: turn.answerOf(1, 1) })
  // The question is shown once, also by the turn that begins with it.
  expect((await turn.listTypes()).filter((type) => type === 'user.message')).toHaveLength(4)
})

test('behavior: each branch can be read as it was', async () => {
  const turn = await talk(2)
  const list = async (query: { branch?: string; superseded?: boolean }) => {
    const ref = { owner: turn.owner, conversationId: turn.conversationId }
    const page = await listMessages(database, ref, { limit: 100, superseded: false, ...query })
    return page.messages.flatMap(({ role, text }) => (role === 'tool' || text === '' ? [] : [text]))
  }
  await replace(turn, 'm2', 'm2b', { text: 'Second try' })
  await turn.begin(3, 0, ['m2b'])
  await turn.answer(3, 0, 'Second answer')
  await replace(turn, 'm2b', 'm2c', { text: 'Third try' })
  await turn.begin(4, 0, ['m2c'])
  await turn.answer(4, 0, 'Third answer')
  await replace(turn, 'm1', 'm1b', { text: 'From the start' })
  await turn.begin(5, 0, ['m1b'])

  const first = ['Question 1', 'Answer 1']
  expect(await list({})).toEqual(['From the start'])
  expect(await list({ branch: turn.messageOf('m2') })).toEqual([...first, 'Question 2', 'Answer 2'])
  expect(await list({ branch: turn.messageOf('m2b') })).toEqual([...first, 'Second try', 'Second answer'])
  for (const last of ['m2c', 'm1'])
    expect(await list({ branch: turn.messageOf(last) })).toEqual([...first, 'Third try', 'Third answer'])
  expect(await list({ superseded: true })).toEqual([
    ...first,
    'Question 2',
    'Answer 2',
    'Second try',
    'Second answer',
    'Third try',
    'Third answer',
    'From the start',
  ])
  await expect(list({ branch: 'm_none' })).rejects.toMatchObject({ code: 'not_found' })
})

test('behavior: the first message is replaced as any other, with its own text and model unless others are given', async () => {
  const turn = await talk(2)
  await replace(turn, 'm1', 'm1b', { model: 'openai/other' })
  await turn.begin(3, 0, ['m1b'])
  await turn.answer(3, 0, 'Once more')
  await replace(turn, 'm1b', 'm1c')
  await turn.begin(4, 0, ['m1c'])
  const { messages } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(messages).toMatchObject([{ id: turn.messageOf('m1c'), text: 'Question 1', model: 'openai/other' }])
  expect(messages[0]).not.toHaveProperty('parentId')
})

test('behavior: a compaction that reaches past the message goes, and so does a clearing; earlier ones stay', async () => {
  const turn = await talk(4)
  const id = turn.conversationId
  await compactUpTo(turn, `${id}.t2`, turn.answerOf(1, 1))
  await compactUpTo(turn, `${id}.t3`, turn.messageOf('m3'))
  await database.rows(
    'clear',
    'update conversations set cleared_position = (select position from messages where id = $2) where id = $1',
    [id, turn.answerOf(2, 1)],
  )
  await replace(turn, 'm3', 'm3b')
  expect(await listCompactions(id)).toMatchObject([{ id: `${id}.t2` }])
  const clearedTo =
    'select m.id from conversations c left join messages m on m.position = c.cleared_position and m.conversation_id = c.id where c.id = $1'
  expect(await database.rows('cleared', clearedTo, [id])).toEqual([{ id: turn.answerOf(2, 1) }])
  await turn.begin(5, 0, ['m3b'])
  await turn.answer(5, 0, 'Third')
  await replace(turn, 'm2', 'm2b')
  expect(await database.rows('cleared', clearedTo, [id])).toEqual([{ id: null }])
  await turn.begin(6, 0, ['m2b'])
  await turn.answer(6, 0, 'Second')
  await replace(turn, 'm1', 'm1b')
  expect(await listCompactions(id)).toEqual([])
})

test('behavior: a repeat changes nothing, whether the message waits or has been answered', async () => {
  const turn = await talk(1)
  const first = await replace(turn, 'm1', 'm1b', { text: 'Better' })
  const events = await turn.readEvents()
  expect(await replace(turn, 'm1', 'm1b', { text: 'Better' })).toEqual({ ...first, repeated: true })
  await expect(replace(turn, 'm1', 'm1b', { text: 'Best' })).rejects.toMatchObject({
    code: 'message_conflict',
  })
  expect(await turn.readEvents()).toEqual(events)
  await turn.begin(2, 0, ['m1b'])
  await turn.answer(2, 0, 'Yes')
  expect(await replace(turn, 'm1', 'm1b', { text: 'Better' })).toMatchObject({
    repeated: true,
    position: undefined,
  })
})

test('behavior: a repeat stays one when the texts are not kept any more', async () => {
  const turn = await talk(1)
  await patchConversation(database, turn.owner, turn.conversationId, { history: { kind: 'none' } })
  const forget = async () => {
    await database.rows('test_due', 'update forgettings set due_at = now()')
    return forgetDue(database, 100)
  }
  await replace(turn, 'm1', 'm1b', { text: 'Better' })
  await turn.begin(2, 0, ['m1b'])
  await turn.answer(2, 0, 'Yes')
  await replace(turn, 'm1b', 'm1c', { text: 'Best' })
  expect(await forget()).toBe(1)
  expect(await replace(turn, 'm1', 'm1b', { text: 'Better' })).toMatchObject({ repeated: true })
  expect(await replace(turn, 'm1b', 'm1c', { text: 'Best' })).toMatchObject({ repeated: true })
  await expect(replace(turn, 'm1', 'm1c')).rejects.toMatchObject({ code: 'message_conflict' })
})

test('behavior: an edit whose signal was lost is told to the workflow with the next message', async () => {
  const turn = await talk(1)
  await replace(turn, 'm1', 'm1b')
  await database.rows('age', `update messages set created_at = now() - interval '11 seconds' where id = $1`, [
    turn.messageOf('m1b'),
  ])
  const { toSignal } = await turn.accept('next')
  expect(toSignal.map(({ messageId }) => messageId)).toEqual([turn.messageOf('m1b'), turn.messageOf('next')])
})

test('behavior: of two edits at once one wins', async () => {
  const turn = await talk(2)
  const pools = [database, store.openPool(1)]
  const edits = await Promise.allSettled(
    pools.map((pool, index) => replace(turn, 'm2', `edit${index}`, {}, pool)),
  )
  expect(edits.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const refused = edits.find((edit) => edit.status === 'rejected')
  expect(refused?.reason).toMatchObject({ code: 'turn_running' })
})

test('error: only a message of a user that has begun and was not replaced can be, and only while nothing runs', async () => {
  const turn = await talk(1)
  const answer = turn.answerOf(1, 1)
  await expect(replace(turn, 'm1', 'x', { replaces: answer })).rejects.toMatchObject({
    code: 'not_a_user_message',
  })
  await expect(replace(turn, 'none', 'x')).rejects.toMatchObject({ code: 'not_found' })
  await expect(replace(turn, 'm1', 'x', { owner: 'o_other' })).rejects.toMatchObject({ code: 'not_found' })
  const other = await talk(1)
  await expect(replace(turn, 'm1', 'x', { replaces: other.messageOf('m1') })).rejects.toMatchObject({
    code: 'not_found',
  })
  await turn.accept('m2')
  await expect(replace(turn, 'm1', 'x')).rejects.toMatchObject({ code: 'turn_running' })
  await expect(replace(turn, 'm2', 'x')).rejects.toMatchObject({ code: 'not_a_user_message' })
  await turn.begin(2, 0, ['m2'])
  await expect(replace(turn, 'm1', 'x')).rejects.toMatchObject({
    code: 'turn_running',
    details: { turnId: turn.turnIdOf(2) },
  })
  await turn.answer(2, 0, 'Done.')
  await replace(turn, 'm2', 'm2b')
  await turn.begin(3, 0, ['m2b'])
  await turn.answer(3, 0, 'Done.')
  await expect(replace(turn, 'm2', 'x')).rejects.toMatchObject({ code: 'not_a_user_message' })
})
