import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { buildBundle } from '../../src/worker/build-bundle.ts'
import { createTestDir } from './servers.ts'

/** Environment of workers that start without bundling first, for files that start many. */
export async function prebuiltBundle(): Promise<{ PERDURA_WORKFLOW_BUNDLE: string }> {
  const file = join(await createTestDir('bundle'), 'workflows.js')
  const { code } = await buildBundle()
  await writeFile(file, code)
  return { PERDURA_WORKFLOW_BUNDLE: file }
}
