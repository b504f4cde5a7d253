import { beforeEach, expect, test } from 'vitest'

import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let turn: TurnScript
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
})

test('stores a message, and shows it after the signal', async () => {
  expect(await turn.accept('m1')).toMatchObject({
    repeated: false,
    toSignal: [{ messageId: expect.stringContaining('m1') }],
    turns: 0,
  })
  expect(await turn.listTypes()).toEqual([])
  expect(await turn.announce('m1')).toBe('started')
  expect(await turn.listTypes()).toEqual(['user.message'])
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
  expect((await turn.listTypes()).filter((type) => type === 'user.message')).toHaveLength(1)
})

test('behavior: one of many equal messages at once is new', async () => {
  const accepted = await Promise.all(Array.from({ length: 8 }, () => turn.accept('m1')))
  expect(accepted.filter(({ repeated }) => !repeated)).toHaveLength(1)
  await Promise.all(Array.from({ length: 8 }, () => turn.announce('m1')))
  expect(await turn.listTypes()).toEqual(['user.message'])
})

test('behavior: during a turn a message is queued, with its place', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  for (const message of ['m2', 'm3']) {
    await turn.accept(message)
    expect(await turn.announce(message)).toBe('queued')
  }
  const events = await turn.readEvents()
  const queued = events.flatMap((event) => (event.type === 'message.queued' ? [event.position] : []))
  expect(queued).toEqual([0, 1])
})

test('behavior: a message that began before it was announced is shown once', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  expect(await turn.announce('m1')).toBe('started')
  const types = await turn.listTypes()
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
  const stranger = createTurnScript(database, { id: turn.conversationId, owner: await store.createOwner() })
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
  turn = createTurnScript(database, await store.createConversation({ busyPolicy: 'steer' }))
  expect((await turn.accept('m1')).toSignal).toMatchObject([{ busyPolicy: 'steer' }])
  expect((await turn.accept('m2', 'Hello', { busyPolicy: 'queue' })).toSignal).toEqual([
    { messageId: turn.messageOf('m2'), position: expect.any(Number) },
  ])
})
