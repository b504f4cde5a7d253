import { writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker'

/** Bundles the workflows of this version; 1.5 s, which a prebuilt bundle saves at every worker's start. */
export async function buildBundle(): Promise<WorkflowBundle> {
  // Runs from the sources and from the built package alike.
  const workflowsPath = join(import.meta.dirname, '..', 'workflows', `index${extname(import.meta.filename)}`)
  return bundleWorkflowCode({
    workflowsPath,
    logger: { trace, debug: trace, info: trace, warn, error: warn, log: trace },
  })
}

function trace(): void {
  // Webpack's report interests nobody while it succeeds.
}

function warn(...args: unknown[]): void {
  console.error(...args)
}

const [, script, outFile] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (outFile === undefined) throw new Error('Usage: build-bundle OUTFILE')
  const { code } = await buildBundle()
  await writeFile(outFile, code)
}
