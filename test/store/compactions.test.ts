import { beforeEach, describe, expect, test } from 'vitest'

import { countBytes } from '../../src/activities/context/message-sizes.ts'
import {
  isCompacted,
  type NewCompaction,
  readCompacted,
  readOlderPart,
  storeCompaction,
} from '../../src/store/compactions.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { askCompaction, clearContext } from '../../src/store/context-requests.ts'
import { stopTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let turn: TurnScript
beforeEach(async () => {
  turn = createTurnScript(database, await store.createConversation())
})

/** A turn with one call, from its message to its answer. */
async function playTurn(number: number): Promise<void> {
  await turn.accept(`m${number}`, `Question ${number}`)
  await turn.begin(number, 0, [`m${number}`])
  await turn.askTools(number, 0, 1)
  await turn.endCall(number, 0, 0)
  await turn.begin(number, 1)
  await turn.answer(number, 1, `Answer ${number}`)
}

async function beginTurn(number: number): Promise<void> {
  await turn.accept(`m${number}`)
  await turn.begin(number, 0, [`m${number}`])
}

async function readPart(number: number) {
  const { previous, messages } = await readOlderPart(database, turn.conversationId, turn.turnIdOf(number))
  return {
    previous,
    messages: messages.map(({ id }) => id.replace(`${turn.conversationId}.`, '')),
  }
}

async function keep(number: number, changes: Partial<NewCompaction> = {}) {
  const { messages } = await readOlderPart(database, turn.conversationId, turn.turnIdOf(number))
  return storeCompaction(database, {
    id: turn.answerOf(number, 0),
    conversationId: turn.conversationId,
    turnId: turn.turnIdOf(number),
    asked: false,
    uptoPosition: messages.at(-1)?.position ?? 0,
    summary: 'Sum',
    facts: [{ callId: 'c', tool: 't', path: 'p', value: '1' }],
    factsLeftOut: 2,
    tokensBefore: 100,
    tokensAfter: 10,
    events: [{ key: `${number}:c`, turnId: turn.turnIdOf(number), body: { type: 'context.cleared' } }],
    ...changes,
  })
}

const isCleared = ({ type }: { type: string }) => type === 'context.cleared'

test('lists what stands before a turn, in order, without its own messages', async () => {
  await playTurn(1)
  await beginTurn(2)
  expect(await readPart(2)).toEqual({ previous: undefined, messages: ['m1', 't1.r0', 't1.r0.c0', 't1.r1'] })
})

test('reads the content of what is summed up, also over several pages', async () => {
  for (let number = 1; number <= 30; number++) await playTurn(number)
  const { messages } = await readOlderPart(database, turn.conversationId, 'none')
  const [first, , third] = messages
  const texts: (string | null)[] = []
  const place = { from: third?.position ?? 0, to: messages.at(-2)?.position ?? 0 }
  for await (const message of readCompacted(database, turn.conversationId, place)) texts.push(message.text)
  expect(first?.sizeBytes).toBe('Question 1'.length)
  expect(texts).toHaveLength(117)
  expect([texts[0], texts[1], texts.at(-1)]).toEqual(['1', 'Answer 1', '1'])
})

test('counts as much of each message as a call of the model does, or more', async () => {
  await playTurn(1)
  await turn.accept('m2', 'Größe "\\n" 🦊')
  await turn.begin(2, 0, ['m2'])
  const { messages } = await readOlderPart(database, turn.conversationId, 'none')
  const loaded = await createPostgresHistory(database).load({
    conversationId: turn.conversationId,
    turnId: turn.turnIdOf(2),
    messageIds: ['m2'],
    strategy: { kind: 'full' },
    maxBytes: 1_000,
  })
  expect(loaded.messages.map(({ id }) => id)).toEqual(messages.map(({ id }) => id))
  const more = loaded.messages.map(
    (message, index) => (messages[index]?.sizeBytes ?? 0) - countBytes(message),
  )
  // The id that the provider gave to the call.
  expect(more).toEqual([0, expect.toSatisfy((bytes: number) => bytes > 0), 0, 0, 0])
})

test('a stored compaction takes the place of what it sums up', async () => {
  await playTurn(1)
  await beginTurn(2)
  expect(await keep(2)).toBe('stored')
  expect(await readPart(2)).toMatchObject({ previous: { summary: 'Sum', factsLeftOut: 2 }, messages: [] })
  expect(await isCompacted(database, turn.answerOf(2, 0))).toBe(true)
})

test('behavior: storing it again changes nothing', async () => {
  await playTurn(1)
  await beginTurn(2)
  await keep(2)
  expect(await keep(2, { summary: 'Other' })).toBe('done')
  expect(await readPart(2)).toMatchObject({ previous: { summary: 'Sum' } })
  expect((await turn.readEvents()).filter(isCleared)).toHaveLength(1)
})

test('behavior: nothing is stored for a turn that is being stopped, or has ended', async () => {
  await playTurn(1)
  await beginTurn(2)
  await stopTurn(database, turn.owner, turn.conversationId, undefined)
  expect(await keep(2)).toBe('over')
  await turn.stop(2)
  expect(await keep(2)).toBe('over')
  expect(await isCompacted(database, turn.answerOf(2, 0))).toBe(false)
})

test.for([
  [{ kind: 'full' }, true, ['m2']],
  [{ kind: 'slidingWindow', window: 5 }, true, ['m2']],
  [{ kind: 'none' }, true, ['m2']],
  [{ kind: 'summary' }, false, ['m2']],
  [{ kind: 'full' }, false, ['m1', 't1.r0', 't1.r0.c0', 't1.r1', 'm2']],
] as const)('what %o is given when a compaction was asked for: %s', async ([strategy, asked, given]) => {
  await playTurn(1)
  await beginTurn(2)
  await keep(2, { asked })
  const { messages, compaction } = await createPostgresHistory(database).load({
    conversationId: turn.conversationId,
    turnId: turn.turnIdOf(2),
    messageIds: [turn.messageOf('m2')],
    strategy,
    maxBytes: 100_000,
  })
  expect(messages.map(({ id }) => id.replace(`${turn.conversationId}.`, ''))).toEqual(given)
  expect(compaction?.summary).toBe(given.length > 1 || strategy.kind === 'none' ? undefined : 'Sum')
})

describe('clear', () => {
  test('leaves nothing to be given or summed up, and tells of it', async () => {
    await playTurn(1)
    await clearContext(database, turn.owner, turn.conversationId)
    await beginTurn(2)
    expect((await readPart(2)).messages).toEqual([])
    expect((await turn.readEvents()).filter(isCleared)).toHaveLength(1)
  })

  test('behavior: a compaction from before counts no more', async () => {
    await playTurn(1)
    await beginTurn(2)
    await keep(2)
    await turn.answer(2, 0, 'Answer 2')
    await clearContext(database, turn.owner, turn.conversationId)
    expect(await readPart(3)).toEqual({ previous: undefined, messages: [] })
  })

  test('behavior: the running turn is given what it was given before, and its own messages stay', async () => {
    await playTurn(1)
    await beginTurn(2)
    await clearContext(database, turn.owner, turn.conversationId)
    expect((await readPart(2)).messages).toHaveLength(4)
    await turn.answer(2, 0, 'Answer 2')
    await beginTurn(3)
    expect((await readPart(3)).messages).toEqual(['m2', 't2.r0'])
  })

  test('behavior: twice, or with nothing to forget, is told once', async () => {
    await clearContext(database, turn.owner, turn.conversationId)
    await playTurn(1)
    for (let times = 0; times < 2; times++) await clearContext(database, turn.owner, turn.conversationId)
    await beginTurn(2)
    for (let times = 0; times < 2; times++) await clearContext(database, turn.owner, turn.conversationId)
    expect((await turn.readEvents()).filter(isCleared)).toHaveLength(1)
  })

  test('error: not_found: of somebody else', async () => {
    const other = await store.createOwner()
    await expect(clearContext(database, other, turn.conversationId)).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('ask', () => {
  const ask = (turnLimit = 10, owner = turn.owner) =>
    askCompaction(database, { conversationId: turn.conversationId, owner, turnLimit })

  test('gives it a place behind the messages that were accepted before', async () => {
    const { toSignal } = await turn.accept('m1')
    const { position, turns } = await ask()
    expect(position).toBeGreaterThan(toSignal.at(-1)?.position ?? 0)
    expect(turns).toBe(0)
  })

  test('error: too_many_turns', async () => {
    const other = createTurnScript(database, await store.createConversation({ owner: turn.owner }))
    await other.accept('m1')
    await other.begin(1, 0, ['m1'])
    await expect(ask(1)).rejects.toMatchObject({ code: 'too_many_turns' })
    await expect(ask(2)).resolves.toMatchObject({ turns: 0 })
  })

  test('error: not_found: of somebody else', async () => {
    const other = await store.createOwner()
    await expect(ask(10, other)).rejects.toMatchObject({ code: 'not_found' })
  })
})
