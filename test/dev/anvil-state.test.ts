import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { restoreAnvilState } from '../../dev/anvil-state.ts'
import { createTestDir } from './../support/servers.ts'

async function createState(text: string, copy?: string): Promise<{ file: string; reports: string[] }> {
  const file = join(await createTestDir('anvil'), 'state.json')
  await writeFile(file, text)
  if (copy !== undefined) await writeFile(`${file}.copy`, copy)
  const reports: string[] = []
  await restoreAnvilState(file, (text) => reports.push(text))
  return { file, reports }
}

test('default: a whole state is left alone', async () => {
  const { file, reports } = await createState('{"block":2}', '{"block":1}')
  expect(await readFile(file, 'utf8')).toBe('{"block":2}')
  expect(reports).toEqual([])
})

test('behavior: a state that a kill cut off is replaced by its copy', async () => {
  const { file, reports } = await createState('{"block":', '{"block":1}')
  expect(await readFile(file, 'utf8')).toBe('{"block":1}')
  expect(reports).toHaveLength(1)
})

test('behavior: without a copy it is put aside and not thrown away', async () => {
  const { file } = await createState('{"block":')
  expect(await readFile(`${file}.broken`, 'utf8')).toBe('{"block":')
})
