import { beforeEach, describe, expect, test } from 'vitest'

import { endLostCall, listBackgroundCalls, stopBackgroundCall } from '../../src/store/background-calls.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { findUnanswered } from '../../src/store/stalled.ts'
import { beginToolTry, finishStep } from '../../src/store/tool-calls.ts'
import { stopTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { createBackgroundScript } from './background-script.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
let turn: TurnScript
const { refOf, noteOf, begin, end, queue, beginTurn, loadHistory } = createBackgroundScript(
  database,
  () => turn,
)
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 5, ['one', 'two'])
})

async function countEvents(type: string): Promise<number> {
  return (await turn.readEvents()).filter((event) => event.type === type).length
}

test('goes on beyond its turn, answered at once, and told of in a note that begins a turn', async () => {
  expect(await begin(0)).toMatchObject({ outcome: 'running' })
  await turn.stop(1)
  const before = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(before.conversation.state).toBe('idle')
  expect(before.calls).toMatchObject([{ callId: refOf(0).callId, status: 'running', background: true }])
  expect(await end(0)).toBe('ok')
  expect(await queue(0)).toMatchObject({ messageId: noteOf(0), note: true, owner: { id: turn.owner } })
  await beginTurn(2, noteOf(0))

  const told = await loadHistory(2, noteOf(0))
  expect(told.find(({ callId }) => callId === refOf(0).callId)?.text).toBe(
    JSON.stringify({ status: 'running', callId: refOf(0).callId }),
  )
  const [last] = told.slice(-1)
  expect(last).toMatchObject({ role: 'note', turnId: turn.turnIdOf(2) })
  expect(last?.text).toContain(`The background call ${refOf(0).callId} of the tool time_now has ended: ok.`)
  expect(last?.text).toContain('It is noon.')
  const events = await turn.readEvents()
  const completed = events.filter(({ type }) => type === 'tool.completed').at(-1)
  expect(completed?.turnId).toBeUndefined()
  expect(events.find(({ type }) => type === 'system.note')).toMatchObject({
    messageId: noteOf(0),
    source: 'background',
    turnId: turn.turnIdOf(2),
  })
  expect((await getSnapshot(database, turn.owner, turn.conversationId)).calls).not.toMatchObject([
    { background: true },
  ])
})

test('behavior: whatever is repeated happens once', async () => {
  for (let repeat = 0; repeat < 2; repeat += 1) expect(await begin(0)).toMatchObject({ outcome: 'running' })
  await turn.stop(1)
  expect([await end(0), await end(0, 'error')]).toEqual(['ok', 'ok'])
  expect(await begin(0)).toEqual({ outcome: 'done', status: 'ok' })
  expect([await queue(0), await queue(0)]).toMatchObject([{ messageId: noteOf(0) }, { messageId: noteOf(0) }])
  for (let repeat = 0; repeat < 2; repeat += 1) await beginTurn(2, noteOf(0))
  expect(await queue(0)).toBeUndefined()
  expect(await countEvents('system.note')).toBe(1)
})

test('behavior: notes join a turn that a message begins, behind it', async () => {
  for (const index of [0, 1]) await begin(index)
  await turn.stop(1)
  for (const index of [0, 1]) await end(index)
  for (const index of [1, 0]) await queue(index)
  await turn.accept('m2', 'And now?')
  const steered = [noteOf(0), noteOf(1)]
  await beginTurn(2, turn.messageOf('m2'), steered)
  const told = await loadHistory(2, turn.messageOf('m2'))
  expect(told.slice(-3).map(({ id }) => id)).toEqual([turn.messageOf('m2'), ...steered])
})

test('behavior: the stop of its turn leaves it alone', async () => {
  await begin(0)
  await stopTurn(database, turn.owner, turn.conversationId, undefined)
  expect(await beginToolTry(database, refOf(0).callId, null)).toMatchObject({ cancelling: false })
  expect(await begin(1)).toEqual({ outcome: 'cancelling' })
  await turn.stop(1)
  expect(await listBackgroundCalls(database, turn.conversationId)).toMatchObject([refOf(0)])
})

test('behavior: a conversation has only so many, and each that ends makes room', async () => {
  for (const index of [0, 1, 2]) expect(await begin(index)).toMatchObject({ outcome: 'running' })
  expect(await begin(3)).toEqual({ outcome: 'full' })
  await end(1)
  expect(await begin(3)).toMatchObject({ outcome: 'running' })
})

test('behavior: nobody waits for it while other calls of its turn wait for a person', async () => {
  const other = createTurnScript(database, await store.createConversation())
  await other.accept('m1')
  await other.begin(1, 0, ['m1'])
  const asked = other.callOf(1, 0, 1)
  await other.ask(1, 0, {
    calls: 2,
    requests: [
      {
        id: `${asked}.q0`,
        kind: 'question',
        callIds: [asked],
        body: { title: 'Which?', questions: [] },
        expiresAtMs: Date.now() + 60_000,
      },
    ],
  })
  turn = other
  const waits = async () =>
    (await getSnapshot(database, other.owner, other.conversationId)).conversation.state
  expect(await waits()).toBe('tools')
  await begin(0)
  expect(await waits()).toBe('waiting')
  await end(0)
  expect(await waits()).toBe('waiting')
})

test('behavior: a step is told of although its turn has ended', async () => {
  await begin(0)
  await turn.stop(1)
  const ref = { ...refOf(0), stepIndex: 0, stepCount: 2, step: 'one' }
  const body = { type: 'tool.step', callId: ref.callId, step: 'one', stepIndex: 0, status: 'ok' } as const
  expect(await finishStep(database, ref, '1', [{ key: `${ref.callId}:step0`, turnId: null, body }])).toBe(
    true,
  )
  expect(await countEvents('tool.step')).toBe(1)
  const { calls } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(calls).toMatchObject([{ stepIndex: 1, steps: [{ status: 'ok' }, { status: 'running' }] }])
})

test('behavior: a try that had run for long is not taken for what killed its worker', async () => {
  await begin(0)
  const { callId } = refOf(0)
  for (const lost of [0, 1]) expect(await beginToolTry(database, callId, null)).toMatchObject({ lost })
  const age = `update tool_calls set tried_at = now() - interval '11 minutes' where id = $1`
  await database.rows('age', age, [callId])
  for (const lost of [0, 1]) expect(await beginToolTry(database, callId, null)).toMatchObject({ lost })
})

test('behavior: an owner with too many turns has the note wait', async () => {
  await begin(0)
  await turn.stop(1)
  await end(0)
  const busy = createTurnScript(database, await store.createConversation({ owner: turn.owner }))
  await busy.accept('m1')
  await busy.begin(1, 0, ['m1'])
  expect(await queue(0, 1)).toBe('crowded')
  await busy.answer(1, 0, 'Done')
  expect(await queue(0, 1)).toMatchObject({ messageId: noteOf(0) })
})

test('behavior: a new workflow is told of the notes that wait', async () => {
  await begin(0)
  await turn.stop(1)
  await end(0)
  await queue(0)
  expect((await findUnanswered(database, turn.conversationId))?.messages).toMatchObject([
    { messageId: noteOf(0), note: true },
  ])
})

describe('stopped by itself', () => {
  test('ends as stopped, and tells the next turn without beginning one', async () => {
    await begin(0)
    await turn.stop(1)
    expect(await stopBackgroundCall(database, turn.owner, refOf(0))).toBe(true)
    await endLostCall(database, refOf(0))
    expect(await queue(0)).toBeUndefined()
    expect(await stopBackgroundCall(database, turn.owner, refOf(0))).toBe(false)
    await turn.accept('m2')
    await turn.begin(2, 0, ['m2'])
    const told = await loadHistory(2, turn.messageOf('m2'))
    expect(told.filter(({ role }) => role === 'note')).toMatchObject([{ id: noteOf(0) }])
    expect(told.at(-2)?.text).toContain('has ended: cancelled')
  })

  test("error: somebody else's is unknown", async () => {
    await begin(0)
    const other = await store.createOwner()
    await expect(stopBackgroundCall(database, other, refOf(0))).rejects.toMatchObject({ code: 'not_found' })
  })
})
