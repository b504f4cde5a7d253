import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { expect, test } from 'vitest'

import { RunFile, describeRun, findRun } from '../../../dev/launcher/run-file.ts'
import { createTestDir } from '../../support/servers.ts'

const addresses = {
  url: 'http://localhost:4040',
  docsUrl: 'http://localhost:4040/docs',
  temporalAddress: '127.0.0.1:7233',
  databaseUrl: 'postgresql://perdura:secret@127.0.0.1:5440/perdura',
  rpcUrl: 'http://127.0.0.1:8545',
}

async function createFile(): Promise<string> {
  return join(await createTestDir('run'), 'run.json')
}

test('default: the last of several descriptions is read back', async () => {
  const file = await createFile()
  const run = new RunFile(file)
  const last = { ...describeRun(addresses, []), url: 'http://localhost:4041' }
  await Promise.all([run.write(describeRun(addresses, [])), run.write(last)])
  expect(await findRun(file)).toEqual(last)
  expect(last.launcher).toEqual({ pid: process.pid })
})

test('behavior: nobody else may read it, because it holds the password of the database', async () => {
  const file = await createFile()
  await new RunFile(file).write(describeRun(addresses, []))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('behavior: after the stop nothing is left, not even of a description just being written', async () => {
  const file = await createFile()
  const run = new RunFile(file)
  await Promise.all([run.write(describeRun(addresses, [])), run.remove()])
  expect(await readdir(dirname(file))).toEqual([])
})

test('error: a damaged description counts as none', async () => {
  expect(await findRun(import.meta.filename)).toBeUndefined()
})
