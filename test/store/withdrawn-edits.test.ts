import { expect, test } from 'vitest'

import { clearContext } from '../../src/store/context-requests.ts'
import { withdrawMessage } from '../../src/store/messages.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createBranching } from './branching.ts'
import { dumpText } from './dump-text.ts'
import type { TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const { talk, replace, fork, textsOf, toldTexts, compactUpTo, listCompactions } = createBranching(store)

const withdraw = ({ conversationId, owner, messageOf }: TurnScript, message: string) =>
  withdrawMessage(database, { conversationId, owner, id: messageOf(message) })

async function clearUpTo(turn: TurnScript, messageId: string): Promise<void> {
  await database.rows(
    'clear',
    'update conversations set cleared_position = (select position from messages where id = $2) where id = $1',
    [turn.conversationId, messageId],
  )
}

const readCleared = async ({ conversationId }: TurnScript): Promise<unknown> => {
  const rows = await database.rows<{ id: string }>(
    'cleared',
    `select m.id from conversations c join messages m on m.conversation_id = c.id and m.position = c.cleared_position
       where c.id = $1`,
    [conversationId],
  )
  return rows[0]?.id
}

test('an edit that is withdrawn gives back what it has taken the place of', async () => {
  const turn = await talk(3)
  const before = await getSnapshot(database, turn.owner, turn.conversationId)
  await replace(turn, 'm2', 'm2b', { text: 'Instead' })
  const superseded = (await turn.readEvents()).at(-2)
  await withdraw(turn, 'm2b')
  await withdraw(turn, 'm2b')
  const { messages, queue } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(messages.slice(0, -1)).toEqual(before.messages)
  expect(messages.at(-1)).toMatchObject({ id: turn.messageOf('m2b'), state: 'withdrawn' })
  expect(queue).toEqual([])
  expect(await toldTexts(turn.conversationId)).toEqual(['Question 1', 'Question 2', 'Question 3'])
  const events = (await turn.readEvents()).slice(-2)
  expect(events.map(({ type }) => type)).toEqual(['message.withdrawn', 'messages.restored'])
  if (superseded?.type !== 'messages.superseded') throw new Error('nothing was superseded')
  expect(events[1]).toMatchObject({ messageIds: superseded.messageIds, by: turn.messageOf('m2b') })
})

test('behavior: it goes on as if nothing had been, also with another edit', async () => {
  const turn = await talk(2)
  await replace(turn, 'm1', 'm1b')
  await turn.accept('m3', 'Question 3')
  await withdraw(turn, 'm1b')
  await turn.begin(3, 0, ['m3'])
  await turn.answer(3, 0, 'Answer 3')
  expect(await toldTexts(turn.conversationId)).toEqual(['Question 1', 'Question 2', 'Question 3'])
  await replace(turn, 'm2', 'm2b', { text: 'Instead' })
  await turn.begin(4, 0, ['m2b'])
  await turn.answer(4, 0, 'Another')
  expect(await textsOf(turn)).toEqual(['Question 1', '', 'Answer 1', 'Instead', 'Another'])
})

test('behavior: summaries and a clearing that went with the replaced messages come back', async () => {
  const turn = await talk(4)
  const { conversationId } = turn
  await compactUpTo(turn, `${conversationId}.t2`, turn.answerOf(1, 1))
  await compactUpTo(turn, `${conversationId}.t4`, turn.answerOf(3, 1))
  await clearUpTo(turn, turn.answerOf(2, 1))
  const read = () =>
    database.rows('all_compactions', 'select * from compactions where conversation_id = $1 order by id', [
      conversationId,
    ])
  const before = await read()
  await replace(turn, 'm2', 'm2b')
  expect(await listCompactions(conversationId)).toHaveLength(1)
  expect(await readCleared(turn)).toBeUndefined()
  await withdraw(turn, 'm2b')
  expect(await read()).toEqual(before)
  expect(await readCleared(turn)).toBe(turn.answerOf(2, 1))
})

test('behavior: what was cleared while the edit waited stays cleared', async () => {
  const turn = await talk(2)
  await replace(turn, 'm2', 'm2b')
  await clearContext(database, turn.owner, turn.conversationId)
  await withdraw(turn, 'm2b')
  expect(await toldTexts(turn.conversationId)).toEqual([])
})

test('behavior: of an edit that has begun nothing is left that could be brought back', async () => {
  const turn = await talk(2)
  await compactUpTo(turn, `${turn.conversationId}.t2`, turn.answerOf(2, 1))
  await database.rows('mark', `update compactions set summary = 'MARKER' where conversation_id = $1`, [
    turn.conversationId,
  ])
  await replace(turn, 'm2', 'm2b')
  expect(await dumpText(database)).toContain('MARKER')
  await turn.begin(3, 0, ['m2b'])
  expect(await dumpText(database)).not.toContain('MARKER')
  await expect(withdraw(turn, 'm2b')).rejects.toMatchObject({ code: 'message_started' })
})

test('behavior: a repeat of an edit that was withdrawn stays one, and replaces nothing', async () => {
  const turn = await talk(2)
  await replace(turn, 'm2', 'm2b', { text: 'Instead' })
  await withdraw(turn, 'm2b')
  const events = await turn.readEvents()
  expect(await replace(turn, 'm2', 'm2b', { text: 'Instead' })).toMatchObject({
    repeated: true,
    position: undefined,
  })
  await expect(replace(turn, 'm1', 'm2b', { text: 'Instead' })).rejects.toMatchObject({
    code: 'message_conflict',
  })
  expect(await turn.readEvents()).toEqual(events)
})

test('behavior: a fork of what came back is a fork of the present branch', async () => {
  const turn = await talk(2)
  await replace(turn, 'm2', 'm2b', { text: 'Instead' })
  await withdraw(turn, 'm2b')
  const { id } = await fork(turn, turn.answerOf(2, 1))
  expect(await toldTexts(id)).toEqual(['Question 1', 'Question 2'])
})

test('error: it cannot be withdrawn when another message was answered since; the old branch stays readable', async () => {
  const turn = await talk(2)
  await replace(turn, 'm2', 'm2b')
  await turn.accept('now', 'Quick', { busyPolicy: 'interrupt' })
  await turn.begin(3, 0, ['now'])
  await expect(withdraw(turn, 'm2b')).rejects.toMatchObject({ code: 'edit_overtaken' })
  await turn.answer(3, 0, 'Answered')
  await expect(withdraw(turn, 'm2b')).rejects.toMatchObject({ code: 'edit_overtaken' })
  await turn.begin(4, 0, ['m2b'])
  await turn.answer(4, 0, 'Another')
  expect(await toldTexts(turn.conversationId)).toEqual(['Question 1', 'Quick', 'Question 2'])
})
