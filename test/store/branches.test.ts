import { expect, test } from 'vitest'

import { forkConversation, regenerateMessage } from '../../src/store/branches.ts'
import { getConversation } from '../../src/store/conversations.ts'
import type { Database } from '../../src/store/database.ts'
import { listMessages } from '../../src/store/message-pages.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const history = createPostgresHistory(database)

/** Turns of one question with two tool calls and an answer. */
async function talk(turns: number): Promise<TurnScript> {
  const turn = createTurnScript(database, await store.createConversation())
  for (let number = 1; number <= turns; number += 1) await takeTurn(turn, number, `m${number}`)
  return turn
}

async function takeTurn(turn: TurnScript, number: number, message: string): Promise<void> {
  await turn.accept(message, `Question ${number}`)
  await turn.begin(number, 0, [message])
  await turn.askTools(number, 0, 2)
  await turn.endCall(number, 0, 1)
  await turn.endCall(number, 0, 0)
  await turn.begin(number, 1)
  await turn.answer(number, 1, `Answer ${number}`)
}

function replace(
  turn: TurnScript,
  message: string,
  by: string,
  changes: object = {},
  pool: Database = database,
) {
  return regenerateMessage(pool, {
    id: turn.messageOf(by),
    replaces: turn.messageOf(message),
    conversationId: turn.conversationId,
    owner: turn.owner,
    text: undefined,
    model: undefined,
    clientMessageId: undefined,
    via: 'api',
    turnLimit: 50,
    ...changes,
  })
}

let forks = 0
function fork(turn: TurnScript, messageId: string, changes: object = {}) {
  forks += 1
  return forkConversation(database, {
    id: `c_fork${forks}`,
    owner: turn.owner,
    source: turn.conversationId,
    messageId,
    limit: undefined,
    idempotency: undefined,
    ...changes,
  })
}

async function textsOf({
  conversationId,
  owner,
}: Pick<TurnScript, 'conversationId' | 'owner'>): Promise<unknown[]> {
  const { messages } = await getSnapshot(database, owner, conversationId)
  return messages.filter(({ role }) => role !== 'tool').map(({ text }) => text)
}

async function toldTexts(conversationId: string): Promise<unknown[]> {
  const { messages } = await history.load({
    conversationId,
    turnId: `${conversationId}.t99`,
    messageIds: [],
    strategy: { kind: 'full' },
    maxBytes: 1_000_000,
  })
  return messages.flatMap(({ role, text }) => (role === 'user' ? [text] : []))
}

async function compactUpTo(turn: TurnScript, id: string, messageId: string): Promise<void> {
  await database.rows(
    'compact',
    `insert into compactions (id, conversation_id, upto_position, summary, facts, tokens_before, tokens_after)
       select $1, conversation_id, position, 'Of ' || $3, json_build_array(json_build_object('callId', $3, 'tool', 't',
         'path', 'p', 'value', 'v')), 10, 5 from messages where id = $2`,
    [id, messageId, turn.callOf(1, 0, 0)],
  )
}

async function listCompactions(conversationId: string): Promise<{ id: string; facts: unknown }[]> {
  return database.rows(
    'compactions_of',
    'select id, facts from compactions where conversation_id = $1 order by upto_position',
    [conversationId],
  )
}

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
  await expect(fork(turn, turn.answerOf(2, 0))).rejects.toMatchObject({ code: 'turn_running' })
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

test('error: what has not begun, or is not there, cannot be forked from', async () => {
  const turn = await talk(1)
  await turn.accept('m2')
  for (const message of ['m2', 'none'])
    await expect(fork(turn, turn.messageOf(message))).rejects.toMatchObject({ code: 'not_found' })
  await expect(fork(turn, turn.messageOf('m1'), { owner: 'o_other' })).rejects.toMatchObject({
    code: 'not_found',
  })
})
