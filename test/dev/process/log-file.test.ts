import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readTail, rotateLog } from '../../../dev/process/log-file.ts'
import { createTestDir } from '../../support/servers.ts'

async function createLog(text: string): Promise<string> {
  const file = join(await createTestDir('log'), 'part.log')
  await appendFile(file, text)
  return file
}

test('default: the last lines are read', async () => {
  expect(await readTail(await createLog('one\ntwo\nthree\n'), 2)).toBe('two\nthree')
})

test('behavior: only the end of a long log is read', async () => {
  expect(await readTail(await createLog(`${'x'.repeat(100_000)}\nlast\n`), 1)).toBe('last')
})

test('behavior: the log of the last run is kept beside the new one', async () => {
  const file = await createLog('old')
  await rotateLog(file)
  expect(await readFile(`${file}.1`, 'utf8')).toBe('old')
  expect(await readTail(file)).toBe('')
})
