import { beforeEach, expect, test } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { emptyView } from '../../src/client/conversation-view.ts'
import { editMessage, withdrawMessage } from '../../src/store/messages.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let turn: TurnScript
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
})

const edit = (message: string, text: string) =>
  editMessage(database, {
    conversationId: turn.conversationId,
    owner: turn.owner,
    id: turn.messageOf(message),
    text,
  })
const withdraw = (message: string) =>
  withdrawMessage(database, {
    conversationId: turn.conversationId,
    owner: turn.owner,
    id: turn.messageOf(message),
  })

/** What the model is told of the user. */
async function listToldTexts(): Promise<(string | undefined)[]> {
  const { messages } = await createPostgresHistory(database).load({
    conversationId: turn.conversationId,
    turnId: turn.turnIdOf(1),
    messageIds: [],
    strategy: { kind: 'full' },
    maxBytes: 1_000_000,
  })
  return messages.flatMap(({ role, text }) => (role === 'user' ? [text] : []))
}

test('behavior: the queue is shown in the order in which it will be answered', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  for (const [message, busyPolicy] of [
    ['m2', 'queue'],
    ['m3', 'interrupt'],
    ['m4', 'steer'],
    ['m5', 'interrupt'],
  ] as const) {
    await turn.accept(message, message, { busyPolicy })
    await turn.announce(message)
  }
  await edit('m4', 'm4, edited')
  const { queue } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(queue.map(({ text }) => text)).toEqual(['m3', 'm5', 'm2', 'm4, edited'])
  const view = (await turn.readEvents()).reduce(applyEvent, emptyView)
  expect(view.queue.map(({ content }) => content.text)).toEqual(['m3', 'm5', 'm2', 'm4, edited'])
})

test('a message that waits can be changed, and the model is told the last text', async () => {
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  for (const message of ['m2', 'm3']) {
    await turn.accept(message, 'old')
    await turn.announce(message)
  }
  expect(await edit('m3', 'new\0')).toEqual({ messageId: turn.messageOf('m3'), state: 'queued' })
  const events = await turn.readEvents()
  expect(events.at(-1)).toMatchObject({ type: 'message.updated', text: 'new\uFFFD', position: 1 })
  expect((await getSnapshot(database, turn.owner, turn.conversationId)).queue).toMatchObject([
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
  expect((await turn.listTypes()).filter((type) => type === 'message.withdrawn')).toHaveLength(1)
  expect((await getSnapshot(database, turn.owner, turn.conversationId)).queue).toEqual([])
  await turn.answer(1, 0, 'Hi')
  const before = await turn.listTypes()
  expect(await turn.begin(2, 0, ['m2'])).toEqual({ outcome: 'taken' })
  expect(await turn.listTypes()).toEqual(before)
  expect(await listToldTexts()).toEqual(['Hello'])
})

test('behavior: a message that was withdrawn before it was announced is never shown', async () => {
  await turn.accept('m1')
  await withdraw('m1')
  expect(await turn.announce('m1')).toBe('withdrawn')
  expect(await turn.accept('m1')).toMatchObject({ repeated: true, toSignal: [] })
  expect(await turn.listTypes()).toEqual(['message.withdrawn'])
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
  const before = await turn.listTypes()
  await turn.begin(1, 1, [], ['m4', 'm2', 'm3'])
  expect(await turn.listTypes()).toEqual(before)
  const events = await turn.readEvents()
  expect(events.findLast(({ type }) => type === 'round.started')).toMatchObject({
    round: 1,
    messageIds: [turn.messageOf('m2'), turn.messageOf('m4')],
  })
  const { queue, messages } = await getSnapshot(database, turn.owner, turn.conversationId)
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
  const events = await turn.readEvents()
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
  const theirs = {
    conversationId: turn.conversationId,
    owner: await store.createOwner(),
    id: turn.messageOf('m2'),
  }
  const stranger =
    how === 'edit' ? editMessage(database, { ...theirs, text: 'new' }) : withdrawMessage(database, theirs)
  await expect(stranger).rejects.toMatchObject({ code: 'not_found' })
})

test('error: a message that was withdrawn cannot be changed', async () => {
  await turn.accept('m1')
  await withdraw('m1')
  await expect(edit('m1', 'new')).rejects.toMatchObject({ code: 'not_found' })
})
