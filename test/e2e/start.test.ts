import { once } from 'node:events'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { Client } from 'pg'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'

import { describeProcess, listProcessesWith } from '../../dev/process/identity.ts'
import { findAnyPort } from '../../dev/process/ports.ts'
import { makeCloneWithStandIns } from '../support/clone.ts'
import { createDatabase, createTestDir, localChain, temporalAddress } from '../support/servers.ts'
import { type StartCommand, type StartCommandOptions, readRun, runStart } from '../support/start-command.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

const database = await createDatabase()
// With these a start has only the stand-ins to start, which is enough where the servers do not matter.
const external = {
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: await temporalAddress(),
  PERDURA_CHAINS: `31337=${(await localChain()).rpcUrl}`,
}

const running: StartCommand[] = []
let clone = ''

beforeAll(async () => {
  clone = join(await createTestDir('start'), 'a path with spaces')
  await makeCloneWithStandIns(clone)
})

afterEach(async () => {
  for (const command of running.splice(0)) {
    command.signal('SIGTERM')
    await command.ended
  }
})

function begin(options: StartCommandOptions = {}): StartCommand {
  const command = runStart(clone, options)
  running.push(command)
  return command
}

async function start(options: StartCommandOptions = {}): Promise<StartCommand> {
  const command = begin(options)
  await command.printed(/Perdura is ready: http:\/\/localhost:\d+\n/)
  return command
}

async function pidOf(part: string): Promise<number> {
  const found = (await readRun(clone)).parts.find(({ name }) => name === part)
  if (!found) throw new Error(`No part ${part} is running.`)
  return found.pid
}

async function query(sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: (await readRun(clone)).databaseUrl })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

async function callChain(method: string, params: unknown[] = []): Promise<unknown> {
  const response = await fetch((await readRun(clone)).rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result }: { result?: unknown } = JSON.parse(await response.text())
  return result
}

test('default: everything starts, says where it is, and Ctrl-C leaves nothing', async () => {
  const port = await findAnyPort()
  const command = await start({ env: { PORT: String(port) }, args: ['--workers', '2'] })
  const run = await readRun(clone)
  expect(run).toMatchObject({
    version: 1,
    url: `http://localhost:${port}`,
    docsUrl: `http://localhost:${port}/docs`,
  })
  const names = ['anvil', 'api', 'model', 'postgres', 'temporal', 'worker', 'worker-2']
  expect(run.parts.map(({ name }) => name).toSorted()).toEqual(names)
  for (const url of [run.url, run.temporalUiUrl ?? '']) expect((await fetch(url)).status).toBe(200)
  const stoppedAt = Date.now()
  command.signal('SIGINT')
  expect(await command.ended).toBe(0)
  expect(Date.now() - stoppedAt).toBeLessThan(10_000)
  expect(await listProcessesWith(clone)).toEqual([])
  expect(await readdir(join(clone, '.perdura'))).not.toContain('run.json')
})

test('behavior: after a kill -9 of the launcher the next start replaces what was left and keeps the data', async () => {
  const killed = await start()
  await query('create table kept as select 42 as answer')
  const account = '0x00000000000000000000000000000000000000aa'
  await callChain('anvil_setBalance', [account, '0x2a'])
  await vi.waitFor(async () => {
    expect(await readFile(join(clone, '.perdura', 'anvil-state.json'), 'utf8')).toContain(account)
  }, 20_000)
  const before = (await readRun(clone)).parts.map(({ pid }) => pid)
  process.kill((await readRun(clone)).launcher.pid, 'SIGKILL')
  await killed.ended
  const command = await start()
  expect(command.output()).toContain('An earlier start was killed')
  const alive = await Promise.all(before.map((pid) => describeProcess(pid)))
  expect(alive.filter((text) => text?.includes(clone))).toEqual([])
  expect(await query('select answer from kept')).toEqual([{ answer: 42 }])
  expect(await callChain('eth_getBalance', [account, 'latest'])).toBe('0x2a')
})

test('behavior: parts that die are started again, and it is said', async () => {
  const command = await start()
  for (const part of ['worker', 'temporal', 'anvil', 'postgres']) {
    const pid = await pidOf(part)
    process.kill(pid, 'SIGKILL')
    await command.printed(new RegExp(`${part} +died \\(killed by SIGKILL\\): starting it again at once\\n`))
    await command.printed(new RegExp(`${part} +died[^]*${part} +ready after`))
    await vi.waitFor(async () => expect(await pidOf(part)).not.toBe(pid))
  }
  expect((await readRun(clone)).parts.filter(({ restarts }) => restarts === 1)).toHaveLength(4)
  expect(await query('select answer from kept')).toEqual([{ answer: 42 }])
})

test('behavior: --reset refuses without a terminal and wipes with --yes', async () => {
  const refused = begin({ args: ['--reset'] })
  expect(await refused.ended).toBe(1)
  expect(refused.output()).toContain('Add --yes to wipe without a question.')
  await start({ args: ['--reset', '--yes'] })
  expect(await query(`select to_regclass('kept') as kept`)).toEqual([{ kept: null }])
})

test('behavior: a second start says that one is running and where', async () => {
  await start({ env: external })
  const second = begin({ env: external })
  expect(await second.ended).toBe(1)
  const { url, launcher } = await readRun(clone)
  expect(second.output()).toContain(`Perdura is running already, at ${url} (process ${launcher.pid}).`)
})

test('behavior: an occupied port is left for the next free one, and it is said', async () => {
  const port = await findAnyPort()
  const stranger = createServer().listen(port, '127.0.0.1')
  await once(stranger, 'listening')
  try {
    const command = await start({ env: { ...external, PORT: String(port) } })
    expect(command.output()).toContain(`port ${port} is in use by another program: using`)
    expect((await fetch((await readRun(clone)).url)).status).toBe(200)
  } finally {
    stranger.close()
  }
})

test('behavior: servers that the configuration names are used and not started', async () => {
  await writeFile(join(clone, '.env'), `TEMPORAL_ADDRESS=${external.TEMPORAL_ADDRESS}\n`)
  const { TEMPORAL_ADDRESS: _, ...rest } = external
  await start({ env: rest })
  await writeFile(join(clone, '.env'), '')
  const run = await readRun(clone)
  expect(run.parts.map(({ name }) => name).toSorted()).toEqual(['api', 'model', 'worker'])
  expect(run).toMatchObject({
    databaseUrl: external.DATABASE_URL,
    temporalAddress: external.TEMPORAL_ADDRESS,
  })
  expect(await (await fetch(run.url)).json()).toMatchObject({ ...external, PERDURA_MODEL: 'scripted/demo' })
})

test('behavior: several apis get a port each', async () => {
  await start({ env: { ...external, PORT: String(await findAnyPort()) }, args: ['--apis', '2'] })
  const urls = (await readRun(clone)).parts.flatMap(({ name, url }) =>
    name.startsWith('api') && url ? [url] : [],
  )
  expect(new Set(urls).size).toBe(2)
  for (const url of urls) expect((await fetch(url)).status).toBe(200)
})

test('behavior: killing npm stops everything', async () => {
  const command = await start({ env: external })
  command.signal('SIGKILL')
  await vi.waitFor(async () => expect(await listProcessesWith(clone)).toEqual([]), 15_000)
})

test('error: a part that does not start shows the end of its log, and nothing stays', async () => {
  const main = join(clone, 'src/worker/main.ts')
  const program = await readFile(main, 'utf8')
  await writeFile(main, `console.error('no luck today'); process.exit(3)`)
  const command = begin({ env: external })
  expect(await command.ended).toBe(1)
  await writeFile(main, program)
  expect(command.output()).toContain('worker: ended before it was ready (exit code 3)')
  expect(command.output()).toContain('| no luck today')
  expect(await listProcessesWith(clone)).toEqual([])
})

test('error: a named server that does not answer is named', async () => {
  const command = begin({ env: { ...external, TEMPORAL_ADDRESS: `127.0.0.1:${await findAnyPort()}` } })
  expect(await command.ended).toBe(1)
  expect(command.output()).toContain('TEMPORAL_ADDRESS: nobody answers at')
})

test('error: wrong arguments are explained', async () => {
  const command = begin({ args: ['--workers', 'many'] })
  expect(await command.ended).toBe(1)
  expect(command.output()).toContain('--workers is "many". Write a whole number from 1 to 64')
})
