/** Turns that are to be forgotten, in a conversation that was set to keep what is said from then on. */
import { beforeEach, expect, test } from 'vitest'

import type { HistoryStrategy } from '../../src/contracts/conversation.ts'
import { readMemorySource, readOpening } from '../../src/store/chores.ts'
import { readCompacted, readOlderPart } from '../../src/store/compactions.ts'
import { patchConversation } from '../../src/store/conversations.ts'
import { forgetDue } from '../../src/store/forgettings.ts'
import { searchMemory } from '../../src/store/memory.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { createResultReader } from '../../src/store/result-parts.ts'
import { findResult } from '../../src/store/results.ts'
import { createStore } from '../support/store.ts'
import { createBranching } from './branching.ts'
import { dumpText } from './dump-text.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const { replace } = createBranching(store)

let turn: TurnScript
beforeEach(async () => {
  await database.rows('test_clear', 'delete from conversations')
  await database.rows('test_clear_events', 'delete from events')
  turn = createTurnScript(database, await store.createConversation({ memory: true }))
})

async function takeTurn(number: number, text: string): Promise<void> {
  await turn.accept(`m${number}`, `${text} question`)
  await turn.begin(number, 0, [`m${number}`])
  await turn.askTools(number, 0, 1)
  await turn.endCall(number, 0, 0)
  await turn.begin(number, 1)
  await turn.answer(number, 1, `${text} answer`)
}

const keep = (kind: 'none' | 'summary') =>
  patchConversation(database, turn.owner, turn.conversationId, { history: { kind } })

/** A turn that is kept, one that is to be forgotten, and one that runs and is kept again. */
async function playThree(): Promise<void> {
  await takeTurn(1, 'Kept')
  await keep('none')
  await takeTurn(2, 'SECRET')
  await keep('summary')
  await turn.accept('m3', 'Running question')
  await turn.begin(3, 0, ['m3'])
}

test.for<HistoryStrategy>([{ kind: 'full' }, { kind: 'summary' }, { kind: 'slidingWindow', window: 2 }])(
  'no later turn is given what is to be forgotten: %j',
  async (strategy) => {
    await playThree()
    const { conversationId } = turn
    const { messages } = await createPostgresHistory(database).load({
      conversationId,
      turnId: turn.turnIdOf(3),
      messageIds: [turn.messageOf('m3')],
      strategy,
      maxBytes: 1_000_000,
    })
    const said = messages.flatMap(({ role, text }) => (role === 'tool' || text === '' ? [] : [text]))
    expect(said).toEqual(['Kept question', 'Kept answer', 'Running question'])
  },
)

test('it does not count against what may be loaded', async () => {
  await playThree()
  const history = createPostgresHistory(database)
  const request = { conversationId: turn.conversationId, turnId: turn.turnIdOf(3) }
  const wanted = { ...request, messageIds: [turn.messageOf('m3')], strategy: { kind: 'full' } } as const
  const rows = await database.rows<{ bytes: number }>(
    'test_bytes',
    `select sum(coalesce(octet_length(text), 0) + coalesce(octet_length(tool_calls::text), 0))::int as bytes
       from messages where conversation_id = $1 and turn_id = $2`,
    [turn.conversationId, turn.turnIdOf(1)],
  )
  const kept = rows[0]?.bytes ?? 0
  expect(await history.load({ ...wanted, maxBytes: kept })).toMatchObject({ complete: true })
  expect(await history.load({ ...wanted, maxBytes: kept - 1 })).toMatchObject({ complete: false })
})

test('no summary is made of it', async () => {
  await playThree()
  const { messages } = await readOlderPart(database, turn.conversationId, turn.turnIdOf(3))
  expect(messages.map(({ turnId }) => turnId)).toEqual(Array(4).fill(turn.turnIdOf(1)))
  const texts: unknown[] = []
  const whole = { from: 0, to: Number.MAX_SAFE_INTEGER }
  for await (const { text } of readCompacted(database, turn.conversationId, whole)) texts.push(text)
  expect(texts.join()).toContain('Kept answer')
  expect(texts.join()).not.toContain('SECRET')
})

test('no title, no note and no search of another conversation has it, ended or running', async () => {
  await keep('none')
  await takeTurn(1, 'SECRET')
  await turn.accept('m2', 'SECRET too')
  await turn.begin(2, 0, ['m2'])
  await keep('summary')
  const { conversationId, owner } = turn
  const asking = await store.createConversation({ owner, memory: true })
  const search = () =>
    searchMemory(database, { owner, conversationId: asking.id, query: 'secret kept', limit: 10 })
  expect(await readOpening(database, conversationId)).toEqual([])
  expect((await readMemorySource(database, conversationId)).said).toEqual([])
  expect(await search()).toEqual([])
  await turn.answer(2, 0, 'SECRET answer')
  await takeTurn(3, 'Kept')
  const kept = [
    { role: 'user', text: 'Kept question' },
    { role: 'assistant', text: 'Kept answer' },
  ]
  expect(await readOpening(database, conversationId)).toEqual(kept)
  expect((await readMemorySource(database, conversationId)).said).toEqual(kept)
  expect((await search()).map(({ text }) => text).toSorted()).toEqual(['Kept answer', 'Kept question'])
})

test('no tool reads a result of it; its owner does until it is gone', async () => {
  await playThree()
  const { conversationId, owner } = turn
  const reader = createResultReader(database)
  const range = { offset: 0, limit: 10 }
  const callOf = (number: number) => ({ conversationId, callId: turn.callOf(number, 0, 0) })
  expect(await reader.read(callOf(1), range)).toMatchObject({ text: '1' })
  await expect(reader.read(callOf(2), range)).rejects.toMatchObject({ code: 'result_unknown' })
  const search = { text: '1', offset: 0, limit: 1, contextChars: 0 }
  await expect(reader.find(callOf(2), search)).rejects.toMatchObject({ code: 'result_unknown' })
  expect(await findResult(database, { ...callOf(2), owner })).toMatchObject({ totalChars: 1 })
})

test('error: it is answered anew only with a text that is given, and nothing of it stays', async () => {
  await keep('none')
  await takeTurn(1, 'SECRET')
  const refused = { code: 'not_a_user_message', message: expect.stringContaining('Give the text') }
  await expect(replace(turn, 'm1', 'm1b')).rejects.toMatchObject(refused)
  await keep('summary')
  await expect(replace(turn, 'm1', 'm1b')).rejects.toMatchObject(refused)
  await replace(turn, 'm1', 'm1b', { text: 'Another' })
  await turn.begin(2, 0, ['m1b'])
  await turn.answer(2, 0, 'Kept')
  await database.rows('test_due', 'update forgettings set due_at = now()')
  expect(await forgetDue(database, 10)).toBe(1)
  const dump = await dumpText(database)
  expect(dump).not.toContain('SECRET')
  expect(dump).toContain('Another')
})
