import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { canOthersEnter } from '../process/can-others-enter.ts'

// Any account can enter this folder, which is not true of /root.
const sharedDir = '/var/lib/perdura'

/**
 * Chooses where the database of a clone lives: in its `.perdura`, or, where root's stand-in account could not
 * reach it there, in a shared folder whose place is recorded in `.perdura`.
 */
export async function choosePostgresDir(home: string): Promise<string> {
  const local = join(home, 'postgres')
  const recorded = await findRecorded(home)
  if (recorded) return recorded
  if (process.getuid?.() !== 0 || (await canOthersEnter(home))) return local
  const name = createHash('sha256').update(home).digest('hex').slice(0, 12)
  const dir = join(sharedDir, `${name}-${randomBytes(3).toString('hex')}`)
  await mkdir(sharedDir, { recursive: true })
  await chmod(sharedDir, 0o755)
  await writeFile(recordOf(home), dir)
  return dir
}

/** Removes the database of a clone, wherever it is. */
export async function removePostgresDir(home: string): Promise<void> {
  const recorded = await findRecorded(home)
  if (recorded) await rm(recorded, { recursive: true, force: true })
  await rm(join(home, 'postgres'), { recursive: true, force: true })
}

async function findRecorded(home: string): Promise<string | undefined> {
  const dir = await readFile(recordOf(home), 'utf8').catch(() => undefined)
  // The record is a file that anybody may have edited, and the folder it names gets removed.
  return dir && dirname(dir) === sharedDir ? dir : undefined
}

function recordOf(home: string): string {
  return join(home, 'postgres-dir')
}
