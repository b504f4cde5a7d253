import { beforeEach, expect, test } from 'vitest'

import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { finishTurn, listOpenCalls, stopTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

let turn: TurnScript
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
})

/** Ends turn 1 as the workflow does when no model call has. */
async function endTurn(openCalls: Parameters<typeof finishTurn>[1]['openCalls'] = []): Promise<void> {
  const turnId = turn.turnIdOf(1)
  await finishTurn(database, {
    conversationId: turn.conversationId,
    turnId,
    openCallStatus: 'cancelled',
    openCalls,
    events: [{ key: `${turnId}:finished`, turnId, body: { type: 'turn.finished', outcome: 'cancelled' } }],
  })
}

test('begins a turn with its message, and tells what the model call needs', async () => {
  const begun = await turn.begin(1, 0, ['m1'])
  expect(begun).toMatchObject({
    outcome: 'run',
    state: 'thinking',
    settings: {
      owner: turn.owner,
      model: 'scripted/demo',
      history: { kind: 'full' },
      tools: null,
      wallet: null,
    },
  })
  expect(await turn.listTypes()).toEqual([
    'user.message',
    'turn.started',
    'conversation.updated',
    'round.started',
  ])
})

test('behavior: a repeated begin changes nothing but the number of its attempt', async () => {
  const first = await turn.begin(1, 0, ['m1'])
  expect(first).toMatchObject({ attempt: 1 })
  const before = await turn.listTypes()
  expect(await turn.begin(1, 0, ['m1'])).toEqual({ ...first, attempt: 2 })
  expect(await turn.begin(1, 0, ['m1'])).toMatchObject({ attempt: 3 })
  expect(await turn.listTypes()).toEqual(before)
  await turn.askTools(1, 0, 1)
  expect(await turn.begin(1, 1)).toMatchObject({ attempt: 1 })
})

test('behavior: done: a round that was stored is answered with what was stored, and the calls that are open', async () => {
  await turn.begin(1, 0, ['m1'])
  const stored = await turn.askTools(1, 0, 2)
  expect(await turn.begin(1, 0, ['m1'])).toEqual({ outcome: 'done', stored })
  await turn.endCall(1, 0, 0)
  expect(await turn.begin(1, 0, ['m1'])).toMatchObject({
    outcome: 'done',
    stored: { kind: 'tools', calls: [{ callId: turn.callOf(1, 0, 1) }] },
  })
})

test('behavior: joined: one that must not be joined does not begin while a message waits that steers', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  await turn.accept('m2', 'Later')
  await turn.accept('m3', 'And this', { busyPolicy: 'steer' })
  const before = await turn.listTypes()
  expect(await turn.beginAlone(1, 1)).toEqual({ outcome: 'joined' })
  expect(await turn.listTypes()).toEqual(before)
  expect(await turn.begin(1, 1, [], ['m3'])).toMatchObject({ outcome: 'run' })
  await turn.askTools(1, 1, 1)
  expect(await turn.beginAlone(1, 2)).toMatchObject({ outcome: 'run', attempt: 1 })
})

test('behavior: an attempt that a later one has overtaken stores nothing, and its call is booked', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.begin(1, 0, ['m1'])
  const before = await turn.listTypes()
  expect(await turn.answerAs(1, 0, 'Too late', 1)).toEqual({ kind: 'nothing' })
  expect(await turn.listTypes()).toEqual(before)
  const [booked] = await database.rows<{ count: number }>(
    'booked',
    'select count(*) from ledger where owner_id = $1',
    [turn.owner],
  )
  expect(booked).toEqual({ count: 1 })
  expect(await turn.answerAs(1, 0, 'In time', 2)).toMatchObject({ kind: 'finished' })
})

test('behavior: done: what was to join a round that had been stored is told', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 0)
  const steer = { busyPolicy: 'steer' } as const
  await turn.accept('m2', 'And this', steer)
  await turn.begin(2, 0, ['m2'])
  await turn.askTools(2, 0, 1)
  await turn.beginAlone(2, 1)
  await turn.askTools(2, 1, 1)
  await turn.accept('m3', 'And that', steer)
  expect(await turn.begin(2, 1, [], ['m3'])).toMatchObject({
    outcome: 'done',
    stored: { kind: 'tools', unjoined: [turn.messageOf('m3')] },
  })
  await turn.begin(2, 2, [], ['m3'])
  await turn.answer(2, 2, 'Both')
  const done = await turn.begin(2, 2, [], ['m3'])
  expect(done).toMatchObject({ outcome: 'done', stored: { kind: 'finished' } })
  expect(done).not.toHaveProperty('stored.unjoined')
})

test('behavior: what joins a round that has begun already is said', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  await turn.beginAlone(1, 1)
  await turn.accept('m2', 'And this', { busyPolicy: 'steer' })
  for (const _ of [1, 2]) await turn.begin(1, 1, [], ['m2'])
  const events = await turn.readEvents()
  expect(events.filter(({ type }) => type === 'round.started')).toMatchObject([
    { round: 0 },
    { round: 1 },
    { round: 1, messageIds: [expect.stringContaining('m2')] },
  ])
})

test('behavior: done: a second try of a round changes nothing and gets the first outcome', async () => {
  await turn.begin(1, 0, ['m1'])
  const first = await turn.askTools(1, 0, 1)
  const before = await turn.listTypes()
  expect(await turn.answer(1, 0, 'Another answer')).toEqual(first)
  expect(await turn.listTypes()).toEqual(before)
})

test('behavior: over: nothing is begun or stored in a turn that has ended', async () => {
  await turn.begin(1, 0, ['m1'])
  await endTurn()
  const before = await turn.listTypes()
  expect(await turn.begin(1, 0, ['m1'])).toEqual({ outcome: 'over' })
  expect(await turn.begin(1, 1)).toEqual({ outcome: 'over' })
  expect(await turn.answer(1, 0, 'late')).toEqual({ kind: 'nothing' })
  expect(await turn.listTypes()).toEqual(before)
})

test('behavior: taken: a message belongs to the turn that began with it', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, 'Hi')
  expect(await turn.begin(2, 0, ['m1'])).toEqual({ outcome: 'taken' })
  expect((await turn.listTypes()).filter((type) => type === 'turn.started')).toHaveLength(1)
})

test('behavior: missing: a conversation that was deleted', async () => {
  const gone = createTurnScript(database, { id: 'c_gone', owner: turn.owner })
  expect(await gone.begin(1, 0, ['m1'])).toEqual({ outcome: 'missing' })
})

test('behavior: an answer ends the turn; deltas before it are gone, the text stays', async () => {
  await turn.begin(1, 0, ['m1'])
  const messageId = turn.answerOf(1, 0)
  const delta = { type: 'text.delta' as const, messageId, attempt: 1, delta: 'H', offset: 0 }
  await log.append(turn.conversationId, [{ key: null, turnId: turn.turnIdOf(1), body: delta }], {
    async: true,
  })
  await turn.answer(1, 0, 'Hi')
  const types = await turn.listTypes()
  expect(types).not.toContain('text.delta')
  expect(types.slice(-4)).toEqual([
    'text.completed',
    'round.finished',
    'conversation.updated',
    'turn.finished',
  ])
})

test('behavior: deltas of an earlier try are gone as well', async () => {
  const first = await turn.begin(1, 0, ['m1'])
  const messageId = turn.answerOf(1, 0)
  const delta = { type: 'text.delta' as const, messageId, attempt: 1, delta: 'H', offset: 0 }
  await log.append(turn.conversationId, [{ key: null, turnId: turn.turnIdOf(1), body: delta }], {
    async: true,
  })
  expect(await turn.begin(1, 0, ['m1'])).toEqual({ ...first, attempt: 2 })
  expect(first).toMatchObject({ firstSeq: 4 })
})

test('behavior: a turn that came to nothing has used its number up', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, 'Hi')
  await turn.begin(2, 0, ['m1'])
  await turn.accept('m2')
  await turn.begin(3, 0, ['m2'])
  expect(await turn.accept('m2')).toMatchObject({ turns: 3 })
})

test('behavior: parallel tries of one round leave one message and one end', async () => {
  await turn.begin(1, 0, ['m1'])
  await Promise.all(Array.from({ length: 6 }, (_, index) => turn.answer(1, 0, `answer ${index}`)))
  expect((await turn.listTypes()).filter((type) => type === 'turn.finished')).toHaveLength(1)
})

test('behavior: a turn that is being stopped stays so through later rounds', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  expect(await stopTurn(database, turn.owner, turn.conversationId, undefined)).toMatchObject({
    stopping: turn.turnIdOf(1),
  })
  expect(await turn.begin(1, 1)).toMatchObject({ outcome: 'run', state: 'cancelling' })
})

test('behavior: stopping when nothing runs, or another turn does, stops nothing', async () => {
  expect(await stopTurn(database, turn.owner, turn.conversationId, undefined)).toMatchObject({
    stopping: null,
  })
  await turn.begin(1, 0, ['m1'])
  expect(await stopTurn(database, turn.owner, turn.conversationId, 'another')).toMatchObject({
    stopping: null,
  })
  expect(await stopTurn(database, 'o_stranger', turn.conversationId, undefined)).toBeUndefined()
})

test('behavior: the end of a turn ends its open calls, each once', async () => {
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 2)
  const open = await listOpenCalls(database, turn.turnIdOf(1))
  const ends = open.map((callId) => ({
    callId,
    error: { code: 'stopped', message: 'Stopped.', retryable: true },
    text: 'stopped',
    event: {
      key: `${callId}:completed`,
      turnId: turn.turnIdOf(1),
      body: { type: 'tool.completed' as const, callId, status: 'cancelled' as const },
    },
  }))
  await Promise.all([endTurn(ends), endTurn(ends)])
  expect(await listOpenCalls(database, turn.turnIdOf(1))).toEqual([])
  const types = await turn.listTypes()
  expect(types.slice(-3)).toEqual(['tool.completed', 'tool.completed', 'turn.finished'])
})
