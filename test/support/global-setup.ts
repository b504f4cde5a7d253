import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { TestProject } from 'vitest/node'

import { serveStarters } from './starters.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the test files ask for the shared servers. */
    starters: string
    /** A folder for everything that a run makes; removed when the run ends, however it ends. */
    runDir: string
  }
}

/**
 * Offers one PostgreSQL, one Temporal and one Anvil to all test files of a run. Each starts when the first
 * test file asks for it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runDir = await mkdtemp(join(tmpdir(), 'perdura-test-'))
  // The database server runs as another account when the tests run as root.
  await chmod(runDir, 0o755)
  const guardian = spawn(process.execPath, [join(import.meta.dirname, 'guardian.ts'), runDir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  const starters = await serveStarters(runDir)
  project.provide('starters', starters.url)
  project.provide('runDir', runDir)
  return async () => {
    await starters.stop()
    guardian.stdin.end()
    await once(guardian, 'exit')
  }
}
