import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bundleWorkflowCode } from '@temporalio/worker'

import { buildBundle } from '../../src/worker/build-bundle.ts'
import { createTestDir } from './servers.ts'

/** What a worker is told to start with a bundle. */
export type BundleEnv = { PERDURA_WORKFLOW_BUNDLE: string }

/** Environment of workers that start without bundling first, for files that start many. */
export async function prebuiltBundle(): Promise<BundleEnv> {
  return toEnv((await buildBundle()).code)
}

/** Environment of workers that run another version of the workflows, from `test/fixtures/workflows`. */
export async function fixtureBundle(name: string): Promise<BundleEnv> {
  const workflowsPath = join(import.meta.dirname, '..', 'fixtures', 'workflows', `${name}.ts`)
  const silent = () => undefined
  const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, log: silent }
  return toEnv((await bundleWorkflowCode({ workflowsPath, logger })).code)
}

async function toEnv(code: string): Promise<BundleEnv> {
  const file = join(await createTestDir('bundle'), 'workflows.js')
  await writeFile(file, code)
  return { PERDURA_WORKFLOW_BUNDLE: file }
}
