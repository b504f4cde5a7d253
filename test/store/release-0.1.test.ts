import { expect, test } from 'vitest'

import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

test('a process of release 0.1 goes on with the tables of now', async () => {
  const owner = await store.createOwner()
  const created = await database.call('create_conversation', [
    'c_old',
    owner,
    null,
    null,
    null,
    'Old',
    'scripted/demo',
    null,
    null,
    null,
    'queue',
    '{"kind":"full"}',
    false,
  ])
  const accepted = await database.call('accept_message', [
    'c_old',
    owner,
    'm1',
    'Hello',
    null,
    'api',
    100,
    null,
  ])
  const begun = await database.call('begin_round', ['c_old', 'c_old.t1', 0, ['m1'], 'user', 'hash'])
  const finished = await database.call('finish_round', [
    'c_old',
    'c_old.t1',
    0,
    '{"kind":"finished","outcome":"success"}',
    '{"id":"c_old.t1.r0","text":"Hello","toolCalls":[]}',
    '[]',
    null,
    '[{"k":"c_old.t1:finished","t":"c_old.t1","y":"turn.finished","b":{"outcome":"success"}}]',
    0,
    true,
  ])

  expect(created).toEqual({ outcome: 'created', id: 'c_old' })
  expect(accepted).toMatchObject({ outcome: 'accepted', state: 'received' })
  expect(begun).toMatchObject({ outcome: 'run', settings: { owner, model: 'scripted/demo' } })
  expect(finished).toMatchObject({ outcome: 'stored', kept: false })
  const { events } = await log.read('c_old', 0, 100)
  expect(events.map(({ type }) => type)).toEqual([
    'user.message',
    'turn.started',
    'conversation.updated',
    'round.started',
    'turn.finished',
  ])
})
