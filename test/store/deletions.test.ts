import { expect, test, vi } from 'vitest'

import { clearDeletedConversations } from '../../src/worker/deleted-conversations.ts'
import { deleteConversation, listDeletions, noteCleaned } from '../../src/store/deletions.ts'
import { createLogger } from '../../src/ops/logger.ts'
import { createStore } from '../support/store.ts'
import { dumpText } from './dump-text.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const logger = createLogger({ level: 'silent', part: 'test' })

test('a deletion waits for whoever writes, and leaves nothing of what was written meanwhile', async () => {
  const { id, owner } = await store.createConversation({ title: 'MARKER title' })
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m1', 'MARKER question')
  await turn.begin(1, 0, ['m1'])
  const writer = await database.openConnection()
  await writer.query('begin')
  const event = [
    {
      k: null,
      t: `${id}.t1`,
      y: 'text.delta',
      b: { messageId: 'x', attempt: 1, delta: 'MARKER', offset: 0 },
    },
  ]
  await writer.query('select append_events($1, $2, null, false)', [id, JSON.stringify(event)])
  const deleted = deleteConversation(database, owner, id)
  await vi.waitFor(async () => {
    const waiting = await database.rows(
      'waiting',
      `select 1 from pg_locks join pg_stat_activity using (pid)
         where not granted and datname = current_database()`,
    )
    expect(waiting).toHaveLength(1)
  }, 30_000)
  await writer.query('commit')
  await writer.end()
  await deleted
  expect(await dumpText(database)).not.toContain('MARKER')
  // Late writers of its turn come to nothing.
  expect(await turn.begin(1, 1)).toEqual({ outcome: 'missing' })
  expect(await turn.answer(1, 0, 'MARKER')).toEqual({ kind: 'nothing' })
  await turn.stop(1)
  expect(await dumpText(database)).not.toContain('MARKER')
})

test('behavior: a repeat succeeds until the workflow is gone as well, and for its owner alone', async () => {
  const { id, owner } = await store.createConversation()
  await deleteConversation(database, owner, id)
  await deleteConversation(database, owner, id)
  await expect(deleteConversation(database, 'o_other', id)).rejects.toMatchObject({ code: 'not_found' })
  await noteCleaned(database, id)
  await expect(deleteConversation(database, owner, id)).rejects.toMatchObject({ code: 'not_found' })
})

test('behavior: a worker removes the workflows of what was deleted, whether an api has done so or not', async () => {
  const made = await Promise.all([1, 2].map(() => store.createConversation()))
  for (const { id, owner } of made) await deleteConversation(database, owner, id)
  const [{ id: done } = { id: '' }, { id: left } = { id: '' }] = made
  await noteCleaned(database, done)
  const removed: string[] = []
  let isAway = true
  const stop = clearDeletedConversations({
    database,
    logger,
    pauseMs: 10,
    ageMs: 0,
    workflows: {
      async remove(id) {
        if (isAway) {
          isAway = false
          throw new Error('The server is away.')
        }
        removed.push(id)
      },
    },
  })
  await vi.waitFor(
    async () => expect(await listDeletions(database, { ageMs: 0, limit: 10 })).toEqual([]),
    5_000,
  )
  await stop()
  expect(removed).toEqual(expect.arrayContaining([done, left]))
})
