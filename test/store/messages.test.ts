import { beforeEach, expect, test } from 'vitest'

import { editMessage, withdrawMessage } from '../../src/store/messages.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

let id: string
let owner: string
let turn: TurnScript
beforeEach(async () => {
  ;({ id, owner } = await store.createConversation())
  turn = createTurnScript(database, { id, owner })
})

async function listTypes(): Promise<string[]> {
  return (await log.read(id, 0, 1_000)).events.map(({ type }) => type)
}

const edit = (message: string, text: string) =>
  editMessage(database, { conversationId: id, owner, id: turn.messageOf(message), text })
const withdraw = (message: string) =>
  withdrawMessage(database, { conversationId: id, owner, id: turn.messageOf(message) })

/** What the model is told of the user. */
async function listToldTexts(): Promise<(string | undefined)[]> {
  const strategy = { kind: 'full' as const }
  const told = await createPostgresHistory(database).load({
    conversationId: id,
    turnId: turn.turnIdOf(1),
    strategy,
  })
  return told.flatMap(({ role, text }) => (role === 'user' ? [text] : []))
}

test('stores a message, and shows it after the signal', async () => {
  expect(await turn.accept('m1')).toMatchObject({
    repeated: false,
    toSignal: [{ messageId: expect.stringContaining('m1') }],
    turns: 0,
  })
  expect(await listTypes()).toEqual([])
  expect(await turn.announce('m1')).toBe('started')
  expect(await listTypes()).toEqual(['user.message'])
})

test('behavior: a repeat changes nothing, and signals again until its turn has begun', async () => {
  await turn.accept('m1')
  expect(await turn.accept('m1')).toMatchObject({
    repeated: true,
    toSignal: [{ messageId: expect.stringContaining('m1') }],
  })
  await turn.announce('m1')
  expect(await turn.accept('m1')).toMatchObject({ repeated: true, toSignal: [{}] })
  expect(await turn.announce('m1')).toBe('started')
  await turn.begin(1, 0, ['m1'])
  expect(await turn.accept('m1')).toMatchObject({ repeated: true, toSignal: [] })
  expect((await listTypes()).filter((type) => type === 'user.message')).toHaveLength(1)
})

test('behavior: one of many equal messages at once is new', async () => {
  const accepted = await Promise.all(Array.from({ length: 8 }, () => turn.accept('m1')))
  expect(accepted.filter(({ repeated }) => !repeated)).toHaveLength(1)
  await Promise.all(Array.from({ length: 8 }, () => turn.announce('m1')))
  expect(await listTypes()).toEqual(['user.message'])
})

test('behavior: during a turn a message is queued, with its place', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  for (const message of ['m2', 'm3']) {
    await turn.accept(message)
    expect(await turn.announce(message)).toBe('queued')
  }
  const { events } = await log.read(id, 0, 1_000)
  const queued = events.flatMap((event) => (event.type === 'message.queued' ? [event.position] : []))
  expect(queued).toEqual([0, 1])
})

test('behavior: a message that began before it was announced is shown once', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  expect(await turn.announce('m1')).toBe('started')
  const types = await listTypes()
  expect(types.filter((type) => type === 'user.message')).toHaveLength(1)
  expect(types).not.toContain('message.queued')
})

test('error: the same id with another text', async () => {
  await turn.accept('m1', 'one')
  await expect(turn.accept('m1', 'two')).rejects.toMatchObject({ code: 'message_conflict' })
})

test('behavior: the same id and a text that had to be changed to be stored is a repeat', async () => {
  await turn.accept('m1', 'a\0b')
  expect(await turn.accept('m1', 'a\0b')).toMatchObject({ repeated: true })
})

test('error: a full queue refuses a new message, and not a repeat', async () => {
  for (const message of ['m1', 'm2']) await turn.accept(message)
  await expect(turn.accept('m3', 'Hello', { queueLimit: 2 })).rejects.toMatchObject({ code: 'queue_full' })
  expect(await turn.accept('m2', 'Hello', { queueLimit: 2 })).toMatchObject({ repeated: true })
})

test('error: a conversation that wants no messages during a turn', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  const refused = turn.accept('m2', 'Hello', { busyPolicy: 'reject' })
  await expect(refused).rejects.toMatchObject({ code: 'turn_running', details: { turnId: turn.turnIdOf(1) } })
})

test('error: somebody else’s conversation is not there', async () => {
  const stranger = createTurnScript(database, { id, owner: await store.createOwner() })
  await expect(stranger.accept('m1')).rejects.toMatchObject({ code: 'not_found' })
})

test('error: of two that want an idle conversation to themselves one is refused', async () => {
  await turn.accept('m1', 'Hello', { busyPolicy: 'reject' })
  const refused = turn.accept('m2', 'Hello', { busyPolicy: 'reject' })
  await expect(refused).rejects.toMatchObject({ code: 'turn_running', details: {} })
})

test('behavior: the workflow is told how a message meets a turn, and which one it interrupts', async () => {
  expect(await turn.accept('m1', 'Hello', { busyPolicy: 'interrupt' })).toMatchObject({
    toSignal: [{ busyPolicy: 'interrupt' }],
    interrupts: undefined,
  })
  await turn.begin(1, 0, ['m1'])
  expect(await turn.accept('m2', 'Hello', { busyPolicy: 'interrupt' })).toMatchObject({
    toSignal: [{ busyPolicy: 'interrupt' }],
    interrupts: turn.turnIdOf(1),
  })
  expect(await turn.accept('m3', 'Hello', { busyPolicy: 'steer' })).toMatchObject({
    toSignal: [{ busyPolicy: 'steer' }],
    interrupts: undefined,
  })
  expect((await turn.accept('m4')).toSignal[0]).not.toHaveProperty('busyPolicy')
  // A repeat is told the same, whatever it says now, and interrupts nothing again.
  expect(await turn.accept('m2', 'Hello', { busyPolicy: 'queue' })).toMatchObject({
    repeated: true,
    toSignal: [{ busyPolicy: 'interrupt' }],
    interrupts: undefined,
  })
})

test('behavior: the policy of the conversation holds for messages without their own', async () => {
  ;({ id, owner } = await store.createConversation({ busyPolicy: 'steer' }))
  turn = createTurnScript(database, { id, owner })
  expect((await turn.accept('m1')).toSignal).toMatchObject([{ busyPolicy: 'steer' }])
  expect((await turn.accept('m2', 'Hello', { busyPolicy: 'queue' })).toSignal).toEqual([
    { messageId: turn.messageOf('m2'), position: expect.any(Number) },
  ])
})

test('a message that waits can be changed, and the model is told the last text', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  for (const message of ['m2', 'm3']) {
    await turn.accept(message, 'old')
    await turn.announce(message)
  }
  expect(await edit('m3', 'new\0')).toEqual({ messageId: turn.messageOf('m3'), state: 'queued' })
  const { events } = await log.read(id, 0, 1_000)
  expect(events.at(-1)).toMatchObject({ type: 'message.updated', text: 'new\uFFFD', position: 1 })
  expect((await getSnapshot(database, owner, id)).queue).toMatchObject([
    { text: 'old' },
    { text: 'new\uFFFD' },
  ])
  await turn.answer(1, 0, 'Hi')
  await turn.begin(2, 0, ['m3'])
  expect(await listToldTexts()).toEqual(['Hello', 'new\uFFFD'])
})

test('a message that waits can be withdrawn, and its turn comes to nothing', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.accept('m2')
  await turn.announce('m2')
  await withdraw('m2')
  await withdraw('m2')
  expect((await listTypes()).filter((type) => type === 'message.withdrawn')).toHaveLength(1)
  expect((await getSnapshot(database, owner, id)).queue).toEqual([])
  await turn.answer(1, 0, 'Hi')
  const before = await listTypes()
  expect(await turn.begin(2, 0, ['m2'])).toEqual({ outcome: 'taken' })
  expect(await listTypes()).toEqual(before)
  expect(await listToldTexts()).toEqual(['Hello'])
})

test('behavior: a message that was withdrawn before it was announced is never shown', async () => {
  await turn.accept('m1')
  await withdraw('m1')
  expect(await turn.announce('m1')).toBe('withdrawn')
  expect(await turn.accept('m1')).toMatchObject({ repeated: true, toSignal: [] })
  expect(await listTypes()).toEqual(['message.withdrawn'])
})

test('behavior: of a change, a withdrawal and the begin in the same moment, what came first stands', async () => {
  for (let round = 1; round <= 12; round++) {
    const message = `r${round}`
    await turn.accept(message, 'old')
    await turn.announce(message)
    const [begun, edited, withdrawn] = await Promise.allSettled([
      turn.begin(round, 0, [message]),
      edit(message, 'new'),
      withdraw(message),
    ])
    if (begun.status === 'rejected') throw begun.reason
    const runs = begun.value.outcome === 'run'
    expect(runs).toBe(withdrawn.status === 'rejected')
    if (!runs) continue
    expect(withdrawn).toMatchObject({ reason: { code: 'message_started' } })
    const text = edited.status === 'fulfilled' ? 'new' : 'old'
    expect((await listToldTexts()).at(-1)).toBe(text)
    await turn.answer(round, 0, 'Hi')
  }
})

test('steered messages join the turn with the next round', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  for (const message of ['m2', 'm3', 'm4']) {
    await turn.accept(message, message, { busyPolicy: 'steer' })
    await turn.announce(message)
  }
  await turn.endCall(1, 0, 0)
  await withdraw('m3')
  await turn.begin(1, 1, [], ['m4', 'm2', 'm3'])
  const before = await listTypes()
  await turn.begin(1, 1, [], ['m4', 'm2', 'm3'])
  expect(await listTypes()).toEqual(before)
  const { events } = await log.read(id, 0, 1_000)
  expect(events.findLast(({ type }) => type === 'round.started')).toMatchObject({
    round: 1,
    messageIds: [turn.messageOf('m2'), turn.messageOf('m4')],
  })
  const { queue, messages } = await getSnapshot(database, owner, id)
  expect(queue).toEqual([])
  // Below the calls that they came after, and in the order in which they were sent.
  const shown = messages.filter(({ state }) => state === 'done')
  expect(shown.map(({ role, text }) => (role === 'user' ? text : role))).toEqual([
    'Hello',
    'assistant',
    'tool',
    'm2',
    'm4',
  ])
  await expect(edit('m4', 'late')).rejects.toMatchObject({ code: 'message_started' })
  await turn.answer(1, 1, 'Hi')
  expect(await turn.begin(2, 0, ['m2'])).toEqual({ outcome: 'taken' })
})

test('behavior: a round whose steered messages are all gone is a round like any other', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  await turn.accept('m2', 'm2', { busyPolicy: 'steer' })
  await withdraw('m2')
  expect(await turn.begin(1, 1, [], ['m2'])).toMatchObject({ outcome: 'run' })
  const { events } = await log.read(id, 0, 1_000)
  expect(events.findLast(({ type }) => type === 'round.started')).not.toHaveProperty('messageIds')
})

test.for(['edit', 'withdraw'] as const)('error: %s of a message that has begun, or is none', async (how) => {
  const change = (message: string) => (how === 'edit' ? edit(message, 'new') : withdraw(message))
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await expect(change('m1')).rejects.toMatchObject({ code: 'message_started' })
  await turn.answer(1, 0, 'Hi')
  await expect(change('m1')).rejects.toMatchObject({ code: 'message_started' })
  await expect(change('unknown')).rejects.toMatchObject({ code: 'not_found' })
  await turn.accept('m2')
  const theirs = { conversationId: id, owner: await store.createOwner(), id: turn.messageOf('m2') }
  const stranger =
    how === 'edit' ? editMessage(database, { ...theirs, text: 'new' }) : withdrawMessage(database, theirs)
  await expect(stranger).rejects.toMatchObject({ code: 'not_found' })
})

test('error: a message that was withdrawn cannot be changed', async () => {
  await turn.accept('m1')
  await withdraw('m1')
  await expect(edit('m1', 'new')).rejects.toMatchObject({ code: 'not_found' })
})
