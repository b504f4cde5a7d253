import { afterEach, expect, test, vi } from 'vitest'

import { createLogger } from '../../src/ops/logger.ts'
import { keepHouse } from '../../src/worker/housekeeping.ts'
import { dumpText } from '../store/dump-text.ts'
import { createTurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'

// It sweeps each ten seconds.
const patience = { timeout: 40_000, interval: 200 }

const store = await createStore()
const { database } = store
const logger = createLogger({ level: 'silent', part: 'worker' })

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

/** As two workers do. */
function keep(restMs = 0): void {
  const retention = { events: 20, eventDays: 30, requestDays: 30, resultDays: 30, runs: undefined }
  const workflows = { removeOldRuns: () => Promise.reject(new Error('Runs are kept.')) }
  for (const _ of [1, 2]) stops.push(keepHouse({ database, workflows, logger, retention, restMs }))
}

async function talk(turns: number, changes = {}) {
  const turn = createTurnScript(database, await store.createConversation(changes))
  for (let number = 1; number <= turns; number++) {
    await turn.accept(`m${number}`, `Question ${number} WORDS`)
    await turn.begin(number, 0, [`m${number}`])
    await turn.answer(number, 0, `Answer ${number} WORDS`)
  }
  return turn
}

test('sweeps every conversation, and again when it has grown', { timeout: 120_000 }, async () => {
  const turns = await Promise.all(Array.from({ length: 5 }, () => talk(6)))
  keep()
  for (const turn of turns) {
    await vi.waitFor(async () => expect(await turn.readEvents()).toHaveLength(20), patience)
  }
  const [turn] = turns
  await turn?.accept('m7')
  await turn?.begin(7, 0, ['m7'])
  await turn?.answer(7, 0, 'Answer 7')
  await vi.waitFor(async () => expect(await turn?.readEvents()).toHaveLength(20), patience)
})

test('forgets what is due', { timeout: 60_000 }, async () => {
  await database.rows('test_clear', 'delete from conversations')
  await database.rows('test_clear_events', 'delete from events')
  await talk(3, { history: { kind: 'none' } })
  await database.rows('test_due', 'update forgettings set due_at = now()')
  keep()
  await vi.waitFor(async () => expect(await dumpText(database)).not.toContain('WORDS'), patience)
})

test('behavior: goes on after the database was away', { timeout: 60_000 }, async () => {
  await talk(1, { history: { kind: 'none' } })
  keep()
  await database.rows(
    'test_cut',
    `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await database.rows('test_due', 'update forgettings set due_at = now()')
  await vi.waitFor(
    async () => expect(await database.rows('test_left', 'select 1 from forgettings')).toEqual([]),
    patience,
  )
})
