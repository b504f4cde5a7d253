/** Its own server with a disk that counts: kill -9 takes back asynchronous commits. */
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { startPostgres } from '../../dev/postgres.ts'
import { findAnyPort } from '../../dev/process/ports.ts'
import { untilDatabaseAnswers } from '../../src/activities/until-database-answers.ts'
import { createConversation } from '../../src/store/conversations.ts'
import { openDatabase } from '../../src/store/database.ts'
import { getLogEnd } from '../../src/store/log-end.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createGuest } from '../../src/store/owners.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { type CrashingLogHarness, eventLogCrashConformance } from '../conformance/event-log-crash.ts'
import { note } from '../conformance/event-log.ts'
import { createTestDir } from '../support/servers.ts'

const never = new AbortController().signal

type Harness = CrashingLogHarness & {
  lastGiven(id: string, owner: string): Promise<number>
  /** kill -9 of one backend: the postmaster lives and starts the others anew. */
  crashBackend(): Promise<void>
}

async function open(): Promise<Harness> {
  const dir = await createTestDir('crash')
  const options = {
    dir: join(dir, 'postgres'),
    passwordFile: join(dir, 'password'),
    logFile: join(dir, 'postgres.log'),
    port: await findAnyPort(),
  }
  let server = await startPostgres(options)
  const database = openDatabase({
    url: server.url,
    poolSize: 4,
    applicationName: 'test',
    onIdleError: () => {},
  })
  await migrate(database)
  const real = createPostgresEventLog(database, { onChannelError: () => {} })
  let made = 0
  return {
    // Connections of before the crash fail once more; every caller of the log repeats, as activities do.
    log: {
      ...real,
      append: (...given) => untilDatabaseAnswers(never, () => real.append(...given)),
      read: (...given) => untilDatabaseAnswers(never, () => real.read(...given)),
    },
    lastGiven: async (id, owner) => (await getLogEnd(database, owner, id)).highestGiven,
    async createConversation() {
      const { owner } = await createGuest(database, 1)
      const { conversation } = await createConversation(database, {
        id: `c${++made}`,
        owner: owner.id,
        title: 'Test',
        model: 'scripted/demo',
        busyPolicy: 'queue',
        permissions: 'allowReads',
        limit: undefined,
        history: { kind: 'full' },
        memory: false,
      })
      return { id: conversation.id, owner: owner.id }
    },
    async crash() {
      process.kill(server.pid, 'SIGKILL')
      await server.exited
      server = await startPostgres(options)
    },
    async crashBackend() {
      const [row] = await database.rows<{ pid: number }>('backend', 'select pg_backend_pid() as pid')
      if (row === undefined) throw new Error('There is no backend.')
      process.kill(row.pid, 'SIGKILL')
      const isGone = () =>
        database.rows('alive', 'select 1').then(
          () => false,
          () => true,
        )
      while (!(await isGone())) {
        // The server ends the other backends a moment later.
      }
      await untilDatabaseAnswers(never, () => database.rows('back', 'select 1'))
    },
    async close() {
      await database.close()
      await server.stop()
    },
  }
}

const harness = await open()
afterAll(() => harness.close())

eventLogCrashConformance('the log in PostgreSQL', async () => ({ ...harness, close: async () => {} }))

eventLogCrashConformance('the log in PostgreSQL, when a single backend crashes', async () => ({
  ...harness,
  crash: () => harness.crashBackend(),
  close: async () => {},
}))

test('behavior: after a crash no cursor that a client may have is ahead of the log', async () => {
  const { id, owner } = await harness.createConversation()
  let last = await harness.log.append(id, [note('fact')])
  for (let index = 0; index < 20; index++) {
    last = await harness.log.append(id, [note('delta')], { async: true })
  }
  await harness.crash()
  await harness.log.read(id, 0, 1)
  const highest = await harness.lastGiven(id, owner)
  const next = await harness.log.append(id, [note('after')])
  expect(highest).toBeGreaterThanOrEqual(last)
  expect(next).toBeGreaterThan(highest)
})
