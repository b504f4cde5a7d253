import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { repositoryRoot } from './source-file.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perdura-lint-'))
  mkdirSync(join(folder, 'src'))
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'))
  for (const file of ['tsconfig.json', '.oxlintrc.json'])
    cpSync(join(repositoryRoot, file), join(folder, file))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('reports a forgotten promise', () => {
  const text = 'async function save(): Promise<void> {}\nexport function run(): void {\n  save()\n}\n'
  expect(lint(text)).toContain('no-floating-promises')
})

test('reports an async update validator, whose rejection would be dropped', () => {
  const text = `import { defineUpdate, setHandler } from '@temporalio/workflow'
const answer = defineUpdate<void, [string]>('answer')
export function register(check: (text: string) => Promise<void>): void {
  setHandler(answer, () => {}, { validator: async (text) => check(text) })
}
`
  expect(lint(text)).toContain('no-misused-promises')
})

test('behavior: accepts the same code without the faults', () => {
  const text = `import { defineUpdate, setHandler } from '@temporalio/workflow'
const answer = defineUpdate<void, [string]>('answer')
export async function register(check: (text: string) => void, save: () => Promise<void>): Promise<void> {
  setHandler(answer, () => {}, { validator: (text) => check(text) })
  await save()
}
`
  expect(lint(text)).toContain('Found 0 warnings and 0 errors')
})

/** What the linter says of a file, with the repository's own settings. */
function lint(text: string): string {
  writeFileSync(join(folder, 'src', 'plant.ts'), text)
  const program = join(repositoryRoot, 'node_modules', 'oxlint', 'bin', 'oxlint')
  const args = [program, '--type-aware', '--deny-warnings', 'src']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  return stdout + stderr
}
