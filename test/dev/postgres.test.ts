import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Client } from 'pg'
import { afterEach, expect, test } from 'vitest'

import { type RunningPostgres, startPostgres } from '../../dev/postgres.ts'
import { findAnyPort } from '../../dev/process/ports.ts'
import { createTestDir } from '../support/servers.ts'

let running: RunningPostgres | undefined

afterEach(async () => {
  await running?.stop()
  running = undefined
})

async function createServer() {
  const root = await createTestDir('postgres')
  const options = {
    dir: join(root, 'cluster'),
    passwordFile: join(root, 'password'),
    logFile: join(root, 'postgres.log'),
    port: await findAnyPort(),
    durable: false,
  }
  return { options, start: async () => (running = await startPostgres(options)) }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

test('behavior: what was committed is there after a kill -9 and a start at once', async () => {
  const { start } = await createServer()
  const first = await start()
  await query(first.url, 'create table kept as select 1 as one')
  // A backend that is busy outlives its postmaster for a moment.
  const busy = query(first.url, 'select pg_sleep(60)').catch(() => [])
  process.kill(first.pid, 'SIGKILL')
  const second = await start()
  await busy
  expect(await query(second.url, 'select one from kept')).toEqual([{ one: 1 }])
})

test('behavior: only who has the password gets in, and only its owner can read it', async () => {
  const { options, start } = await createServer()
  const { url } = await start()
  expect((await stat(options.passwordFile)).mode & 0o777).toBe(0o600)
  const wrong = new URL(url)
  wrong.password = 'guess'
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
})

test('error: a password that was changed in its file is named', async () => {
  const { options, start } = await createServer()
  await (await start()).stop()
  await writeFile(options.passwordFile, 'changed')
  await expect(start()).rejects.toThrow('The kept password of the embedded database is wrong')
  running = undefined
})
