import { expect, test } from 'vitest'

import { getConversation, patchConversation } from '../../src/store/conversations.ts'
import { deleteConversation } from '../../src/store/deletions.ts'
import { forgetDue } from '../../src/store/forgettings.ts'
import { readResultPart } from '../../src/store/result-parts.ts'
import { writeResult } from '../../src/store/results.ts'
import { finishCall } from '../../src/store/tool-calls.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createBranching } from './branching.ts'
import { dumpText } from './dump-text.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const { talk, replace, fork, textsOf, toldTexts, compactUpTo, listCompactions } = createBranching(store)

test('a fork has all up to a message, under ids of its own, and goes on with the next turn', async () => {
  const turn = await talk(3)
  await compactUpTo(turn, `${turn.conversationId}.t2`, turn.answerOf(1, 1))
  await compactUpTo(turn, `${turn.conversationId}.t3`, turn.answerOf(3, 1))
  const { id } = await fork(turn, turn.answerOf(2, 0))
  const copy = createTurnScript(database, { id, owner: turn.owner })
  const { conversation, messages, lastSeq } = await getSnapshot(database, turn.owner, id)
  expect(conversation).toMatchObject({
    title: 'Test (fork)',
    forkedFrom: { conversationId: turn.conversationId, messageId: turn.answerOf(2, 0) },
  })
  const users = messages.filter(({ role }) => role === 'user')
  expect(users.map(({ text }) => text)).toEqual(['Question 1', 'Question 2'])
  // The whole second turn: its calls have their results.
  expect(messages.slice(6).map(({ id: message }) => message)).toEqual([
    copy.answerOf(2, 0),
    copy.callOf(2, 0, 1),
    copy.callOf(2, 0, 0),
    copy.answerOf(2, 1),
  ])
  expect(messages[6]?.toolCalls?.map(({ callId }) => callId)).toEqual([
    copy.callOf(2, 0, 0),
    copy.callOf(2, 0, 1),
  ])
  expect(await listCompactions(id)).toEqual([
    { id: `${id}.t2`, facts: [{ callId: copy.callOf(1, 0, 0), tool: 't', path: 'p', value: 'v' }] },
  ])
  const calls = 'select status, output from tool_calls where conversation_id = $1'
  expect(await database.rows('calls', calls, [id])).toEqual(Array(4).fill({ status: 'ok', output: 1 }))
  expect(lastSeq).toBe(1)

  await copy.accept('next', 'Go on')
  await copy.begin(4, 0, ['next'])
  await copy.answer(4, 0, 'Gone on')
  expect(await toldTexts(id)).toEqual(['Question 1', 'Question 2', 'Go on'])
  expect(await toldTexts(turn.conversationId)).toEqual(['Question 1', 'Question 2', 'Question 3'])
  const { messages: all } = await getSnapshot(database, turn.owner, id)
  expect(JSON.stringify(all)).not.toContain(turn.conversationId)
})

test('behavior: a fork of a running conversation has what its user has written of the running turn', async () => {
  const turn = await talk(1)
  await turn.accept('m2', 'Question 2')
  await turn.begin(2, 0, ['m2'])
  await turn.askTools(2, 0, 2)
  await turn.endCall(2, 0, 1)
  await expect(fork(turn, turn.answerOf(2, 0))).rejects.toMatchObject({
    code: 'turn_running',
    details: { turnId: turn.turnIdOf(2) },
  })
  const { id } = await fork(turn, turn.messageOf('m2'))
  expect(await textsOf({ conversationId: id, owner: turn.owner })).toEqual([
    'Question 1',
    '',
    'Answer 1',
    'Question 2',
  ])
  const snapshot = await getSnapshot(database, turn.owner, id)
  expect(snapshot).toMatchObject({ conversation: { state: 'idle' }, calls: [] })
  expect(snapshot.turn).toBeUndefined()
})

test('behavior: large results are copied too, and outlive the original', async () => {
  const turn = await talk(0)
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  const callId = turn.callOf(1, 0, 0)
  const utf8 = Buffer.from('Long. '.repeat(100_000))
  const large = await writeResult(database, callId, { utf8, isPlainText: true })
  const ref = { conversationId: turn.conversationId, turnId: turn.turnIdOf(1), callId }
  const text = `Read on with read_result {"callId": "${callId}"}`
  await finishCall(database, ref, { status: 'ok', output: undefined, large, error: null, text }, [])
  await turn.begin(1, 1)
  await turn.answer(1, 1, 'Done.')
  const { id } = await fork(turn, turn.answerOf(1, 1))
  await deleteConversation(database, turn.owner, turn.conversationId)
  const copied = createTurnScript(database, { id, owner: turn.owner }).callOf(1, 0, 0)
  const range = { offset: 599_990, limit: 20 }
  expect(await readResultPart(database, { conversationId: id, callId: copied }, range)).toMatchObject({
    text: 'ng. Long. ',
    totalChars: 600_000,
  })
  const { messages } = await getSnapshot(database, turn.owner, id)
  expect(messages[2]?.text).toContain(`"${copied}"`)
})

test('behavior: a message of an old branch is forked with its branch', async () => {
  const turn = await talk(2)
  await replace(turn, 'm2', 'm2b', { text: 'Instead' })
  await turn.begin(3, 0, ['m2b'])
  await turn.answer(3, 0, 'Another')
  const old = await fork(turn, turn.answerOf(2, 1))
  const present = await fork(turn, turn.answerOf(3, 0))
  expect(await toldTexts(old.id)).toEqual(['Question 1', 'Question 2'])
  expect(await toldTexts(present.id)).toEqual(['Question 1', 'Instead'])
})

test('behavior: settings are copied, and stay apart from then on', async () => {
  const turn = await talk(1)
  await database.rows(
    'set',
    `update conversations set instructions = 'Be brief.', tools = '{time_now}', fallback_models = '{openai/b}',
       model_settings = '{"temperature": 1}', chain_id = 5, busy_policy = 'steer', permissions = 'ask', memory = true,
       archived = true, external_id = 'mine' where id = $1`,
    [turn.conversationId],
  )
  const { id } = await fork(turn, turn.messageOf('m1'))
  const copy = await getConversation(database, turn.owner, id)
  expect(copy).toMatchObject({
    instructions: 'Be brief.',
    tools: ['time_now'],
    fallbackModels: ['openai/b'],
    modelSettings: { temperature: 1 },
    chainId: 5,
    busyPolicy: 'steer',
    permissions: 'ask',
    memory: true,
    archived: false,
  })
  expect(copy).not.toHaveProperty('externalId')
})

test('behavior: an Idempotency-Key makes one fork, and the limit of a guest holds', async () => {
  const turn = await talk(1)
  const idempotency = { key: 'fork', requestHash: 'h' }
  const first = await fork(turn, turn.messageOf('m1'), { idempotency })
  const second = await fork(turn, turn.messageOf('m1'), { idempotency })
  expect([first.created, second.created]).toEqual([true, false])
  expect(second.id).toBe(first.id)
  const other = { idempotency: { key: 'fork', requestHash: 'other' } }
  await expect(fork(turn, turn.messageOf('m1'), other)).rejects.toMatchObject({ code: 'conflict' })
  await expect(fork(turn, turn.messageOf('m1'), { limit: 2 })).rejects.toMatchObject({
    code: 'too_many_conversations',
  })
})

async function keep(turn: TurnScript, kind: 'none' | 'full'): Promise<void> {
  await patchConversation(database, turn.owner, turn.conversationId, { history: { kind } })
}

test('behavior: a fork has nothing of the turns that are to be forgotten, ended or running', async () => {
  const turn = await talk(1)
  await keep(turn, 'none')
  await turn.accept('m2', 'SECRET')
  await turn.begin(2, 0, ['m2'])
  await turn.askTools(2, 0, 1)
  await turn.endCall(2, 0, 0)
  await turn.begin(2, 1)
  await turn.answer(2, 1, 'SECRET answer')
  await compactUpTo(turn, `${turn.conversationId}.t2`, turn.answerOf(1, 1))
  await compactUpTo(turn, `${turn.conversationId}.t3`, turn.answerOf(2, 1))
  for (const gone of [turn.messageOf('m2'), turn.answerOf(2, 1)])
    await expect(fork(turn, gone)).rejects.toMatchObject({ code: 'not_found' })
  await turn.accept('m3', 'SECRET too')
  await turn.begin(3, 0, ['m3'])
  await keep(turn, 'full')
  await expect(fork(turn, turn.messageOf('m3'))).rejects.toMatchObject({ code: 'not_found' })
  await turn.answer(3, 0, 'SECRET answer too')
  await turn.accept('m4', 'Question 4')
  await turn.begin(4, 0, ['m4'])

  const { id } = await fork(turn, turn.messageOf('m4'))
  expect(await toldTexts(id)).toEqual(['Question 1', 'Question 4'])
  expect(await listCompactions(id)).toMatchObject([{ id: `${id}.t2` }])
  const calls = 'select id from tool_calls where conversation_id = $1'
  expect(await database.rows('calls_of', calls, [id])).toHaveLength(2)
  await database.rows('test_due', 'update forgettings set due_at = now()')
  expect(await forgetDue(database, 100)).toBe(2)
  expect(await dumpText(database)).not.toContain('SECRET')
})

test('error: what has not begun, or is not there, cannot be forked from', async () => {
  const turn = await talk(1)
  await turn.accept('m2')
  for (const message of ['m2', 'none'])
    await expect(fork(turn, turn.messageOf(message))).rejects.toMatchObject({ code: 'not_found' })
  await expect(fork(turn, turn.messageOf('m1'), { owner: 'o_other' })).rejects.toMatchObject({
    code: 'not_found',
  })
})
