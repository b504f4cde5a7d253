import { describe, expect, test } from 'vitest'

import { findBrokenRules } from './house-rules.ts'
import { listSources } from './source-file.ts'

test('every file keeps the house rules', () => {
  const own = 'test/architecture/'
  const files = listSources(['src', 'web', 'dev', 'bench', 'test', 'bin']).filter(
    ({ path }) => !path.startsWith(own),
  )
  expect(files.flatMap(findBrokenRules)).toEqual([])
})

describe('the checker', () => {
  test.each([
    ['src/api/utils/a.ts', '', 'named after a concept'],
    ['src/api/types.ts', '', 'named after a concept'],
    ['src/api/fooBar.ts', '', 'kebab-case'],
    ['src/api/a.ts', 'a\n'.repeat(301), 'over 300 lines'],
    ['src/api/a.ts', 'export default 1', 'export a default'],
    ['src/api/a.ts', 'const a: any = 1', 'no any'],
    ['src/api/a.ts', 'const a = b as any', 'no any'],
    ['src/api/a.ts', 'const a: Map<string, any> = b', 'no any'],
    ['src/api/a.ts', '// @ts-ignore\nb()', 'not silenced'],
    ['src/api/a.ts', '// TODO later', 'names its issue'],
    ['src/api/a.ts', 'export type ChatSession = { id: string }', 'not session'],
    ['src/workflows/a.ts', 'const a = { async validator(text: string) {} }', 'synchronous'],
  ])('error: %s with %j', (path, text, fault) => {
    expect(findBrokenRules({ path, text })).toEqual([expect.stringContaining(fault)])
  })

  test.each([
    ['src/tools/time-now.ts', 'export default defineTool({})'],
    ['vitest.config.ts', 'export default defineConfig({})'],
    ['src/api/a.ts', "// as any other\nconst a = 'b: any'\n// TODO(#3) split"],
  ])('allows %s with %j', (path, text) => {
    expect(findBrokenRules({ path, text })).toEqual([])
  })
})
