import { execFile } from 'node:child_process'
import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { createTestDir } from './servers.ts'
import type { BundleEnv } from './worker-bundle.ts'

/** One change to a file of `src/workflows`: the text that is there, and what stands there instead. */
export type Edit = { file: string; from: string; to: string }

const projectDir = join(import.meta.dirname, '..', '..')

/** Environment of workers whose workflow code is the project's with some edits: another build. */
export async function editedBundle(...edits: Edit[]): Promise<BundleEnv> {
  const dir = await createTestDir('edited')
  for (const folder of ['contracts', 'workflows']) {
    await cp(join(projectDir, 'src', folder), join(dir, 'src', folder), { recursive: true })
  }
  const builder = join('src', 'worker', 'build-bundle.ts')
  await cp(join(projectDir, builder), join(dir, builder))
  await cp(join(projectDir, 'package.json'), join(dir, 'package.json'))
  await symlink(join(projectDir, 'node_modules'), join(dir, 'node_modules'))
  for (const edit of edits) await apply(join(dir, 'src', 'workflows'), edit)
  const bundle = join(dir, 'workflows.js')
  await promisify(execFile)(process.execPath, [join(dir, builder), bundle])
  return { PERDURA_WORKFLOW_BUNDLE: bundle }
}

async function apply(dir: string, { file, from, to }: Edit): Promise<void> {
  const path = join(dir, file)
  const source = await readFile(path, 'utf8')
  const parts = source.split(from)
  if (parts.length !== 2) throw new Error(`${file} holds "${from}" ${parts.length - 1} times, not once.`)
  await writeFile(path, parts.join(to))
}
