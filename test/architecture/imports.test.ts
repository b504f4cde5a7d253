import { describe, expect, test } from 'vitest'

import { findForbiddenImports } from './import-rules.ts'
import { listImports } from './list-imports.ts'
import { listSources } from './source-file.ts'

test('every file imports only what the architecture allows', () => {
  const sources = listSources(['src', 'web', 'dev', 'bench'])
  expect(sources.length).toBeGreaterThan(20)
  expect(sources.flatMap(findForbiddenImports)).toEqual([])
})

describe('the checker', () => {
  test.each([
    ['src/contracts/a.ts', "import { z } from 'zod'", 'may use no package'],
    ['src/contracts/a.ts', "import type { A } from '../schemas/a.ts'", 'may import nothing'],
    ['src/workflows/a.ts', "import type { A } from '../activities/a.ts'", 'may import contracts'],
    ['src/workflows/a.ts', "import { a } from '@temporalio/activity'", 'may use @temporalio/workflow'],
    ['src/client/a.ts', "import { b } from 'node:fs'", 'nothing of Node'],
    ['web/a.tsx', "const b = await import('node:crypto')", 'nothing of Node'],
    ['src/tools/a.ts', "import {\n  clients,\n} from '../chain/clients.ts'", 'not chain'],
    ['src/tools/a.ts', "import { http } from 'viem'", 'viem lives in chain'],
    ['src/chain/a.ts', "import { a } from '../toolkit/tool-services.ts'", 'not toolkit'],
    ['src/store/a.ts', "export * from '../models/a.ts'", 'not models'],
    ['src/ops/a.ts', "import '../store/a.ts'", 'not store'],
    ['src/api/a.ts', "import { a } from './b'", 'with extension'],
    ['src/terminal/a.ts', "import { a } from '../store/a.ts'", 'may import contracts, client'],
    ['dev/bootstrap/a.mjs', "import { a } from '../a.ts'", 'may import nothing'],
    ['src/managers/a.ts', '', 'no import rule'],
  ])('error: %s with %j', (path, text, fault) => {
    expect(findForbiddenImports({ path, text })).toEqual([expect.stringContaining(fault)])
  })

  test.each([
    ['src/workflows/a.ts', "import { condition } from '@temporalio/workflow'"],
    ['src/tools/a.ts', "import { parseAmount } from '../chain/parse.ts'"],
    ['src/chain/a.ts', "import type { ChainPort } from '../toolkit/tool-services.ts'"],
    ['src/api/routes/a.ts', "import { pool } from '../../store/pool.ts'"],
    ['src/terminal/a.ts', "import { createInterface } from 'node:readline'"],
    ['src/client/a.ts', "/* import 'node:fs' */\n// import 'node:fs'\nconst a = `import 'node:fs'`"],
    ['bench/a.ts', "import { a } from '../src/worker/main.ts'"],
  ])('allows %s with %j', (path, text) => {
    expect(findForbiddenImports({ path, text })).toEqual([])
  })

  test('reads every form of an import', () => {
    const text = `
import 'a'
import b from 'b'
import type { C } from 'c'
import {
  d,
  type D,
} from "d"
import * as e from 'e'
export { f } from 'f'
export * from 'g'
export type { H } from 'h'
const i = await import('i')
type J = import('j').J
export const k = from('not this')
`
    const imports = listImports(text)
    expect(imports.map(({ name }) => name).join('')).toBe('abcdefghij')
    expect(imports.filter(({ typeOnly }) => typeOnly).map(({ name }) => name)).toEqual(['c', 'h'])
  })
})
