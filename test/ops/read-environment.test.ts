import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { readEnvironment } from '../../src/ops/read-environment.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perdura-env-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('reads .env', () => {
  writeFileSync(join(folder, '.env'), '# a comment\nPORT=5000\nPERDURA_MODEL="a b"\n')
  expect(readEnvironment(folder, {})).toEqual({ PORT: '5000', PERDURA_MODEL: 'a b' })
})

test('behavior: the real environment wins, and an empty variable undoes a line of .env', () => {
  writeFileSync(join(folder, '.env'), 'PORT=5000\nHOST=0.0.0.0\n')
  expect(readEnvironment(folder, { PORT: '6000', HOST: '' })).toEqual({ PORT: '6000' })
})

test('behavior: no .env is no fault', () => {
  expect(readEnvironment(folder, { A: 'b' })).toEqual({ A: 'b' })
})
