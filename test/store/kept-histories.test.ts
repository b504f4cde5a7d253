import { afterEach, expect, test, vi } from 'vitest'

import { createKeptHistories } from '../../src/store/kept-histories.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

/** A conversation with a turn that was loaded, and a way to change it behind the back of every trigger. */
async function openKept() {
  const turn = createTurnScript(database, await store.createConversation())
  const history = createPostgresHistory(database)
  await turn.accept('m1', 'As it was')
  await turn.begin(1, 0, ['m1'])
  const load = async () => {
    const { messages } = await history.load({
      conversationId: turn.conversationId,
      turnId: turn.turnIdOf(1),
      messageIds: [turn.messageOf('m1')],
      strategy: { kind: 'full' },
      maxBytes: 100_000,
    })
    return messages.map(({ text }) => text)
  }
  const changeUnseen = async () => {
    const connection = await database.openConnection()
    await connection.query('set session_replication_role = replica')
    await connection.query(`update messages set text = 'Changed' where id = $1`, [turn.messageOf('m1')])
    await connection.end()
  }
  expect(await load()).toEqual(['As it was'])
  return { turn, load, changeUnseen }
}

test('what is kept is not read again, what has come since is', async () => {
  const { turn, load, changeUnseen } = await openKept()
  await changeUnseen()
  await turn.askTools(1, 0, 1)
  await turn.endCall(1, 0, 0)
  expect(await load()).toEqual(['As it was', '', '1'])
  expect(await load()).toEqual(['As it was', '', '1'])
})

test('behavior: a server that has begun anew is asked for everything', async () => {
  const { turn, load, changeUnseen } = await openKept()
  await changeUnseen()
  // As a crash leaves it, or a standby that takes over.
  await database.rows('crash', 'delete from server_life')
  expect(await load()).toEqual(['Changed'])
  await turn.accept('m2')
  expect(await load()).toEqual(['Changed'])
})

const kept = {
  version: 'v',
  messages: [],
  compaction: undefined,
  upto: 1,
}
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('behavior: nothing stays longer than a minute after it was used', () => {
  // The cache has its own reference to the clock.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1)
  const pass = (ms: number) => {
    clock.mockReturnValue(performance.now() + ms)
    vi.advanceTimersByTime(ms)
  }
  const histories = createKeptHistories()
  histories.set('a', kept)
  pass(59_000)
  expect(histories.get('a')).toBe(kept)
  pass(59_000)
  expect(histories.size).toBe(1)
  pass(2_000)
  expect(histories.size).toBe(0)
})

test('behavior: what was used longest ago goes first when there is too much', () => {
  const message = { id: 'm', role: 'user' as const, state: 'done' as const, createdAt: '' }
  const large = { ...kept, messages: [{ message, position: 1, sizeBytes: 30 * 1024 * 1024 }] }
  const histories = createKeptHistories()
  for (const id of ['a', 'b', 'c']) histories.set(id, large)
  expect([...histories.keys()].toSorted()).toEqual(['b', 'c'])
})
