/** The workflow bundle itself: what lands in it is replayed in every worker, for as long as conversations live. */
import { beforeAll, expect, test } from 'vitest'

import { buildBundle } from '../../src/worker/build-bundle.ts'

let code: string
beforeAll(async () => {
  ;({ code } = await buildBundle())
})

/** Measured: 1,793 KiB, most of it source maps; zod would add 937 KiB. */
const sizeLimitBytes = 1_950 * 1024

test('holds the workflow', () => {
  expect(code).toContain('run-conversation-turn.ts')
})

test('behavior: holds no zod, nothing of the store and no activity', () => {
  const sources = [...code.matchAll(/^\s*!\*\*\* (\S+) \*\*\*!/gm)].map(([, path = '']) => path)
  const own = sources.filter((path) => path.startsWith('./src/'))
  expect(own.length).toBeGreaterThan(5)
  expect(own.filter((path) => !/^\.\/src\/(workflows|contracts)\//.test(path))).toEqual([])
  expect(sources.filter((path) => /node_modules\/(zod|pg|openai|viem)\//.test(path))).toEqual([])
})

test('behavior: requires nothing of Node', () => {
  expect([...code.matchAll(/require\(["'](?:node:|fs|net|http|crypto|child_process)/g)]).toEqual([])
})

test('behavior: stays small', () => {
  expect(Buffer.byteLength(code)).toBeLessThan(sizeLimitBytes)
})
