/** Background calls whose conversation changes while they run. */
import { beforeEach, expect, test } from 'vitest'

import { listBackgroundCalls } from '../../src/store/background-calls.ts'
import { patchConversation } from '../../src/store/conversations.ts'
import { deleteConversation } from '../../src/store/deletions.ts'
import { type ExportRow, readExportedMessages, readExportHead } from '../../src/store/exports.ts'
import { forgetDue } from '../../src/store/forgettings.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { sweepConversation } from '../../src/store/sweeps.ts'
import { beginToolTry } from '../../src/store/tool-calls.ts'
import { createStore } from '../support/store.ts'
import { createBackgroundScript } from './background-script.ts'
import { createBranching } from './branching.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const { fork, replace } = createBranching(store)
let turn: TurnScript
const { refOf, noteOf, begin, end, queue, beginTurn } = createBackgroundScript(database, () => turn)
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 5, ['one', 'two'])
})

test('a call of a deleted one ends silently and leaves nothing', async () => {
  await begin(0)
  await turn.stop(1)
  await deleteConversation(database, turn.owner, turn.conversationId)
  expect(await beginToolTry(database, refOf(0).callId, null)).toEqual({ outcome: 'missing' })
  expect(await end(0, 'ok', 'a secret result')).toBe('ok')
  expect(await queue(0)).toBeUndefined()
  const rows = await database.rows('left', 'select id from messages where id = $1', [noteOf(0)])
  expect(rows).toEqual([])
})

test('a call whose message was replaced is not told of', async () => {
  await begin(0)
  await begin(1)
  await turn.stop(1)
  await end(1)
  await database.rows('age', `update messages set created_at = now() - interval '2 minutes' where id = $1`, [
    noteOf(1),
  ])
  await replace(turn, 'm1', 'again', { text: 'Again' })
  expect(await end(0)).toBe('ok')
  expect([await queue(0), await queue(1)]).toEqual([undefined, undefined])
})

test('a fork has none that runs, and none whose result it does not have', async () => {
  for (const index of [0, 1, 2]) await begin(index)
  await turn.stop(1)
  await end(1)
  await queue(1)
  await beginTurn(2, noteOf(1))
  await turn.answer(2, 0, 'I see')
  await end(2)
  const { id } = await fork(turn, turn.answerOf(2, 0))
  const copy = createTurnScript(database, { id, owner: turn.owner })
  const { messages, calls } = await getSnapshot(database, turn.owner, id)
  expect(calls).toEqual([])
  const textOf = (index: number) => messages.find(({ id: it }) => it === copy.callOf(1, 0, index))?.text
  expect([textOf(0), textOf(2)].map((text) => text?.includes('left_behind'))).toEqual([true, true])
  expect(textOf(1)).toBe(JSON.stringify({ status: 'running', callId: copy.callOf(1, 0, 1) }))
  expect(messages.find(({ role }) => role === 'note')?.text).toContain(copy.callOf(1, 0, 1))
  expect(await listBackgroundCalls(database, id)).toEqual([])
  expect(JSON.stringify(messages)).not.toContain(turn.conversationId)
})

test('an export says that a result is not part of it', async () => {
  for (const index of [0, 1]) await begin(index)
  await turn.stop(1)
  await end(1)
  const head = await readExportHead(database, turn.owner, turn.conversationId)
  const rows: ExportRow[] = []
  for await (const row of readExportedMessages(database, head)) rows.push(row)
  const exported = rows.flatMap(({ message }) => (message.callId === undefined ? [] : [message]))
  const left = exported.filter(({ result }) => result?.error?.code === 'left_behind')
  expect(left.map(({ id }) => id)).toEqual([refOf(0).callId, refOf(1).callId])
  expect(left.every(({ text }) => text?.includes('left_behind'))).toBe(true)
})

test('one that keeps nothing keeps a call until it has ended', async () => {
  await patchConversation(database, turn.owner, turn.conversationId, { history: { kind: 'none' } })
  await begin(0)
  await turn.stop(1)
  await database.rows(
    'hurry',
    `insert into forgettings (id, conversation_id, due_at)
    values ($1, $2, now() - interval '1 second')
    on conflict (id) do update set due_at = excluded.due_at`,
    [turn.turnIdOf(1), turn.conversationId],
  )
  await forgetDue(database, 50)
  expect(await beginToolTry(database, refOf(0).callId, null)).toMatchObject({ outcome: 'run' })
  await end(0)
  await forgetDue(database, 50)
  expect(await beginToolTry(database, refOf(0).callId, null)).toEqual({ outcome: 'missing' })
  expect(await queue(0)).toMatchObject({ messageId: noteOf(0) })
})

test('a sweep leaves the latest progress of a call that runs', async () => {
  await begin(0)
  await begin(1)
  await turn.stop(1)
  const log = createPostgresEventLog(database, { onChannelError: () => {} })
  for (const index of [0, 0, 1, 1]) {
    const body = { type: 'tool.progress', callId: refOf(index).callId, message: 'on' } as const
    await log.append(turn.conversationId, [{ key: null, turnId: null, body }])
  }
  await end(1)
  const retention = {
    events: undefined,
    eventDays: undefined,
    requestDays: undefined,
    resultDays: undefined,
    runs: undefined,
  }
  await sweepConversation(database, turn.conversationId, { retention, batch: 500 })
  const left = (await turn.readEvents()).filter(({ type }) => type === 'tool.progress')
  expect(left).toMatchObject([{ callId: refOf(0).callId }])
})
