/** A snapshot shows where the model is given something else of what stands above, as the log has told it. */
import { beforeEach, expect, test } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView, type Entry } from '../../src/client/conversation-view.ts'
import { viewOfSnapshot } from '../../src/client/view-of-snapshot.ts'
import type { EventBody } from '../../src/contracts/event.ts'
import { readOlderPart, storeCompaction } from '../../src/store/compactions.ts'
import { clearContext } from '../../src/store/context-requests.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createBranching } from './branching.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const branching = createBranching(store)

let turn: TurnScript
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
})

const nameOf = ({ id }: Entry) => id.replace(`${turn.conversationId}.`, '')

/**
 * What both ways to a screen agree on. Ids and times of changes differ: a snapshot names rows, and the log what told
 * of them, also with a message that is gone since.
 */
function show({ entries }: ConversationView) {
  const ids = new Set(entries.map(({ id }) => id))
  return entries.map((entry) => {
    if (entry.kind !== 'context') return nameOf(entry)
    const { kind: _kind, id: _id, createdAt: _createdAt, ...change } = entry
    if (change.change === 'cleared') return change
    const { beforeMessageId = '', ...compaction } = change
    return ids.has(beforeMessageId) ? { ...compaction, beforeMessageId } : compaction
  })
}

/** What the changes are, among the ids of what is said. */
const outline = (view: ConversationView) =>
  view.entries.map((entry) => (entry.kind === 'context' ? entry.change : nameOf(entry)))

async function loadView(): Promise<ConversationView> {
  return viewOfSnapshot(await getSnapshot(database, turn.owner, turn.conversationId))
}

/** Does all of it, one after the other; both ways to a screen agree after each. */
async function play(...writes: (() => Promise<unknown>)[]): Promise<ConversationView> {
  for (const write of writes) {
    await write()
    expect(show(await loadView())).toEqual(show((await turn.readEvents()).reduce(applyEvent, emptyView)))
  }
  return loadView()
}

const ask = (number: number, message = `m${number}`) => [
  () => turn.accept(message),
  () => turn.begin(number, 0, [message]),
]
const talk = (number: number, message?: string) => [
  ...ask(number, message),
  () => turn.answer(number, 0, `Answer ${number}`),
]
const useTool = (number: number) => [
  () => turn.askTools(number, 0, 1),
  () => turn.endCall(number, 0, 0),
  () => turn.begin(number, 1),
]
const clear = () => clearContext(database, turn.owner, turn.conversationId)
/** The message that takes the place of another one begins a turn. */
const edit = (message: string, by: string, number: number) => async () => {
  await branching.replace(turn, message, by, { text: 'New' })
  await turn.begin(number, 0, [by])
}

/** Sums up what stands before a message, or all of it, for the first answer of a turn or as a turn of its own. */
const compact =
  (number: number, { keptFrom, asked = false }: { keptFrom?: string; asked?: boolean }) =>
  async () => {
    const { conversationId } = turn
    const turnId = turn.turnIdOf(number)
    const id = asked ? turnId : turn.answerOf(number, 0)
    const { messages } = await readOlderPart(database, conversationId, turnId)
    const kept = messages.findIndex((message) => message.id === turn.messageOf(keptFrom ?? ''))
    const facts = [{ callId: 'c', tool: 't', path: 'p', value: `${number}` }]
    const told = { summary: `Sum ${number}`, facts, tokensBefore: 100 + number, tokensAfter: 10 }
    const body: EventBody = {
      type: 'context.compacted',
      ...(keptFrom !== undefined && { beforeMessageId: turn.messageOf(keptFrom) }),
      ...told,
    }
    const uptoPosition = messages.at(kept === -1 ? -1 : kept - 1)?.position ?? 0
    const place = { id, conversationId, turnId, asked, uptoPosition, factsLeftOut: 0 }
    const events = [{ key: `${id}:compacted`, turnId, body }]
    expect(await storeCompaction(database, { ...told, ...place, events })).toBe('stored')
  }

test('a conversation that was compacted', async () => {
  const view = await play(
    ...talk(1),
    ...talk(2),
    ...talk(3),
    ...ask(4),
    compact(4, { keptFrom: 'm3' }),
    ...useTool(4),
    () => turn.answer(4, 1, 'Answer 4'),
    () => turn.begin(5, 0),
    compact(5, { keptFrom: 'm4', asked: true }),
    () => turn.stop(5),
    ...talk(6),
  )
  expect(outline(view).slice(5)).toEqual([
    't3.r0',
    'm4',
    'compacted',
    't4.r0.c0',
    't4.r1',
    'compacted',
    'm6',
    't6.r0',
  ])
  expect(view.entries.find(({ kind }) => kind === 'context')).toMatchObject({
    turnId: turn.turnIdOf(4),
    summary: 'Sum 4',
    beforeMessageId: turn.messageOf('m3'),
  })
})

test('a conversation that was cleared, between two turns and while one runs', async () => {
  const view = await play(
    ...talk(1),
    clear,
    clear,
    ...talk(2),
    ...ask(3),
    ...useTool(3),
    clear,
    () => turn.answer(3, 1, 'Answer 3'),
    ...talk(4),
  )
  const outlined = outline(view)
  expect(outlined.slice(0, 6)).toEqual(['m1', 't1.r0', 'cleared', 'm2', 't2.r0', 'cleared'])
  expect(outlined.slice(6)).toEqual(['m3', 't3.r0.c0', 't3.r1', 'm4', 't4.r0'])
})

test('behavior: both, and a turn that stops before its answer', async () => {
  const view = await play(
    ...talk(1),
    ...ask(2),
    compact(2, {}),
    clear,
    () => turn.stop(2),
    ...talk(3),
    clear,
    () => turn.begin(4, 0),
    () => turn.stop(4),
  )
  expect(outline(view)).toEqual(['m1', 't1.r0', 'cleared', 'm2', 'compacted', 'm3', 't3.r0', 'cleared'])
})

test('behavior: an edit takes back compactions of what it takes away, and only those', async () => {
  const before = await play(
    ...talk(1),
    ...talk(2),
    ...talk(3),
    ...ask(4),
    compact(4, { keptFrom: 'm3' }),
    () => turn.answer(4, 0, 'Answer 4'),
    () => turn.begin(5, 0),
    compact(5, { keptFrom: 'm4', asked: true }),
    () => turn.stop(5),
    ...ask(6),
    compact(6, {}),
    () => turn.answer(6, 0, 'Answer 6'),
    edit('m6', 'm7', 7),
    () => turn.answer(7, 0, 'Answer 7'),
  )
  expect(outline(before).slice(-4)).toEqual(['compacted', 'compacted', 'm7', 't7.r0'])
  const after = await play(edit('m4', 'm8', 8))
  expect(outline(after).slice(-5)).toEqual(['m3', 't3.r0', 'compacted', 'compacted', 'm8'])
  const again = await play(() => turn.answer(8, 0, 'Answer 8'), edit('m3', 'm9', 9))
  expect(outline(again).slice(-3)).toEqual(['t2.r0', 'compacted', 'm9'])
})

test('behavior: an edit takes back clearings of what it takes away, and the one before counts again', async () => {
  const view = await play(...talk(1), clear, ...talk(2), clear, ...talk(3), edit('m3', 'm4', 4), () =>
    turn.answer(4, 0, 'Answer 4'),
  )
  expect(outline(view).filter((shown) => shown === 'cleared')).toHaveLength(2)
  expect(await branching.toldTexts(turn.conversationId)).toEqual(['New'])
  const earlier = await play(edit('m2', 'm5', 5))
  expect(outline(earlier)).toEqual(['m1', 't1.r0', 'cleared', 'm5'])
  expect(await branching.toldTexts(turn.conversationId)).toEqual(['New'])
  await play(() => turn.answer(5, 0, 'Answer 5'), edit('m1', 'm6', 6))
  expect(outline(await loadView())).toEqual(['m6'])
})

test('behavior: a copy shows what its model is given', async () => {
  await play(...talk(1), clear, ...talk(2), ...ask(3), compact(3, {}), () => turn.answer(3, 0, 'Answer 3'))
  const { id } = await branching.fork(turn, turn.answerOf(3, 0))
  turn = createTurnScript(database, { id, owner: turn.owner })
  expect(outline(await loadView())).toEqual([
    'm1',
    't1.r0',
    'cleared',
    'm2',
    't2.r0',
    'm3',
    'compacted',
    't3.r0',
  ])
})

test('behavior: what stands before the latest messages is not among them', async () => {
  await play(...talk(1), clear, ...talk(2), ...ask(3), compact(3, {}), () => turn.answer(3, 0, 'Answer 3'))
  await database.rows(
    'fill',
    `insert into messages (id, conversation_id, role, text, state)
       select 'filled.' || n, $1, 'user', 'Hello', 'done' from generate_series(1, 199) n`,
    [turn.conversationId],
  )
  expect(outline(await loadView()).slice(0, 2)).toEqual(['t3.r0', 'filled.1'])
})
