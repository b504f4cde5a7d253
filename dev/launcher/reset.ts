import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline/promises'

import type { StartOptions } from './options.ts'
import type { Paths } from './paths.ts'
import { removePostgresDir } from './postgres-dir.ts'
import { StartError } from './start-error.ts'

/**
 * Asks whether the local data may go.
 * @throws StartError when the answer is not yes, or when there is nobody to ask
 */
export async function confirmReset({ home }: Paths, { yes }: StartOptions): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new StartError(
      '--reset asks before it wipes, and there is no terminal to ask. Add --yes to wipe without a question.',
    )
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  const question = `This deletes all local data in ${home}: every conversation and the local chain. Type yes to go on: `
  const answer = await prompt.question(question).finally(() => prompt.close())
  if (answer.trim().toLowerCase() !== 'yes') throw new StartError('Nothing was deleted.')
}

/** Wipes the local data, but for the lock that this start holds. */
export async function wipe({ home, lockFile }: Paths): Promise<void> {
  await removePostgresDir(home)
  const names = (await readdir(home)).filter((name) => name !== basename(lockFile))
  await Promise.all(names.map((name) => rm(join(home, name), { recursive: true, force: true })))
}
