import { beforeEach, expect, test } from 'vitest'

import { patchConversation } from '../../src/store/conversations.ts'
import { forgetDue } from '../../src/store/forgettings.ts'
import { importConversation } from '../../src/store/imports.ts'
import { withdrawMessage } from '../../src/store/messages.ts'
import { createStore } from '../support/store.ts'
import { dumpText } from './dump-text.ts'
import { holdConversation } from './open-write.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

beforeEach(async () => {
  await database.rows('test_clear', 'delete from conversations')
  await database.rows('test_clear_events', 'delete from events')
})

async function openNone(changes = {}): Promise<TurnScript> {
  return createTurnScript(database, await store.createConversation({ history: { kind: 'none' }, ...changes }))
}

/** A turn with a tool call, whose texts all hold the marker. */
async function runTurn(turn: TurnScript, number: number, marker = 'MARKER'): Promise<void> {
  const message = `m${number}`
  await turn.accept(message, `${marker} asked`)
  await turn.announce(message)
  await turn.begin(number, 0, [message])
  await turn.askTools(number, 0, 1)
  await database.rows(
    'test_mark',
    'update tool_calls set arguments = $2, output = to_json($2::text) where id = $1',
    [turn.callOf(number, 0, 0), `"${marker} input"`],
  )
  await turn.endCall(number, 0, 0)
  await turn.begin(number, 1)
  await turn.answer(number, 1, `${marker} answered`)
}

/** As if ten seconds had passed. */
async function forget(): Promise<number> {
  await database.rows('test_due', 'update forgettings set due_at = now()')
  return forgetDue(database, 100)
}

test('nothing that was said stands anywhere after the turn', async () => {
  const turn = await openNone()
  await runTurn(turn, 1)
  expect(await dumpText(database)).toContain('MARKER')
  expect(await forgetDue(database, 100)).toBe(0)
  expect(await forget()).toBe(1)
  expect(await dumpText(database)).not.toContain('MARKER')
  expect(await turn.listTypes()).toEqual([
    'user.message',
    'turn.started',
    'conversation.updated',
    'round.started',
    'round.finished',
    'conversation.updated',
    'conversation.updated',
    'round.started',
    'round.finished',
    'conversation.updated',
    'turn.finished',
  ])
  expect((await turn.readEvents()).at(-1)).toMatchObject({ type: 'turn.finished', outcome: 'success' })
})

test('behavior: a repeat of the message stays one, whatever its text, and shows nothing', async () => {
  const turn = await openNone()
  await runTurn(turn, 1)
  await forget()
  const before = await turn.listTypes()
  expect(await turn.accept('m1', 'MARKER asked')).toMatchObject({ repeated: true, toSignal: [] })
  expect(await turn.announce('m1')).toBe('started')
  expect(await turn.listTypes()).toEqual(before)
  expect(await dumpText(database)).not.toContain('MARKER')
  await expect(turn.accept('m2')).resolves.toMatchObject({ repeated: false })
})

test('behavior: only the turns that have ended are forgotten, and a stopped one too', async () => {
  const turn = await openNone()
  await turn.accept('m1', 'FIRST')
  await turn.announce('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  await turn.stop(1)
  await turn.accept('m2', 'SECOND')
  await turn.announce('m2')
  await turn.begin(2, 0, ['m2'])
  await turn.accept('m3', 'THIRD')
  await turn.announce('m3')
  expect(await forget()).toBe(1)
  const text = await dumpText(database)
  expect(text).not.toContain('FIRST')
  expect(text).toContain('SECOND')
  expect(text).toContain('THIRD')
  await turn.answer(2, 0, 'Done')
})

test('behavior: a message that is taken back is forgotten too', async () => {
  const turn = await openNone()
  await turn.accept('m1')
  await turn.announce('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.accept('m2', 'MARKER')
  await turn.announce('m2')
  const { conversationId, owner } = turn
  await withdrawMessage(database, { conversationId, owner, id: turn.messageOf('m2') })
  expect(await forget()).toBe(1)
  expect(await dumpText(database)).not.toContain('MARKER')
})

test('behavior: other conversations keep everything; a change counts from the next turn on', async () => {
  const kept = createTurnScript(database, await store.createConversation())
  await runTurn(kept, 1, 'KEPT')
  await patchConversation(database, kept.owner, kept.conversationId, { history: { kind: 'none' } })
  await runTurn(kept, 2, 'GONE')
  await patchConversation(database, kept.owner, kept.conversationId, { history: { kind: 'full' } })
  await runTurn(kept, 3, 'AGAIN')
  expect(await forget()).toBe(1)
  const text = await dumpText(database)
  expect(text).not.toContain('GONE')
  expect(text).toContain('KEPT answered')
  expect(text).toContain('AGAIN answered')
})

test('behavior: an import into a conversation that keeps nothing brings no content', async () => {
  const createdAt = '2026-01-01T00:00:00.000Z'
  const said = { createdAt, text: 'MARKER' }
  const call = { callId: 'c_old.t1.r0.c0', providerCallId: 'MARKER', name: 'time_now', arguments: '"MARKER"' }
  const turn = { ...said, state: 'done' as const, turnId: 'c_old.t1' }
  const facts = [{ callId: call.callId, tool: 'time_now', path: 'a', value: 'MARKER' }]
  const { owner } = await store.createConversation()
  const creation = { id: 'c_imported', owner, limit: undefined, idempotency: undefined }
  await importConversation(database, creation, {
    format: 'perdura.conversation',
    version: 1,
    exportedAt: createdAt,
    conversation: {
      id: 'c_old',
      createdAt,
      title: 'Mine',
      model: 'scripted/demo',
      modelSettings: {},
      busyPolicy: 'queue',
      permissions: 'allowReads',
      history: { kind: 'none' },
      memory: false,
    },
    messages: [
      { ...turn, id: 'm1', role: 'user' },
      { ...turn, id: 'c_old.t1.r0', role: 'assistant', toolCalls: [call] },
      {
        ...turn,
        id: call.callId,
        role: 'tool',
        callId: call.callId,
        result: { status: 'ok', output: 'MARKER' },
      },
      { ...said, id: 'm2', role: 'user', state: 'withdrawn' },
    ],
    compactions: [
      {
        id: 'c_old.t2',
        createdAt,
        uptoMessageId: 'm1',
        asked: true,
        summary: 'MARKER',
        facts,
        factsLeftOut: 0,
        tokensBefore: 1,
        tokensAfter: 1,
      },
    ],
  })
  const dump = await dumpText(database)
  expect(dump).toContain('c_imported')
  expect(dump).not.toContain('MARKER')
})

test('behavior: of a conversation that is written to now it is forgotten later', async () => {
  const [busy, free] = [await openNone(), await openNone()]
  for (const turn of [busy, free]) await runTurn(turn, 1)
  const write = await holdConversation(database, busy.conversationId)
  expect(await forget()).toBe(1)
  await write.commit()
  expect(await forget()).toBe(1)
  expect(await dumpText(database)).not.toContain('MARKER')
})

test('behavior: several callers share the work, and each turn is done once', async () => {
  const turns = await Promise.all(Array.from({ length: 6 }, () => openNone()))
  await Promise.all(turns.map((turn) => runTurn(turn, 1)))
  await database.rows('test_due', 'update forgettings set due_at = now()')
  const counts = await Promise.all(Array.from({ length: 6 }, () => forgetDue(database, 2)))
  expect(counts.reduce((sum, count) => sum + count)).toBe(6)
  expect(await dumpText(database)).not.toContain('MARKER')
})
