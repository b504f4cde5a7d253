import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { describeProcess } from '../process/identity.ts'

/** Who holds the lock. `stopping` is worth waiting for: its parts are gone within 10 s. */
export type Holder = { pid: number; stopping: boolean }

/** The right to run the parts of one clone. */
export interface Lock {
  /** Tells others that this run is about to end. */
  markStopping(): Promise<void>
  release(): Promise<void>
}

const stoppingMs = 12_000

/**
 * Takes the lock of a clone, or returns who holds it. Waits for a holder that is stopping; takes over from one
 * that is dead.
 */
export async function takeLock(file: string): Promise<Lock | Holder> {
  const deadline = Date.now() + stoppingMs
  for (;;) {
    if (await claim(file)) return createLock(file)
    const holder = await findHolder(file)
    if (!holder) await removeStale(file)
    else if (!holder.stopping || Date.now() > deadline) return holder
    await sleep(50)
  }
}

function createLock(file: string): Lock {
  return {
    markStopping: () => replace(file, { pid: process.pid, stopping: true }),
    release: () => rm(file, { force: true }),
  }
}

// A link is made whole or not at all, so nobody ever reads an empty lock.
async function claim(file: string): Promise<boolean> {
  const own = `${file}.${process.pid}`
  await writeFile(own, JSON.stringify({ pid: process.pid, stopping: false }))
  try {
    await link(own, file)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

async function replace(file: string, holder: Holder): Promise<void> {
  const own = `${file}.${process.pid}`
  await writeFile(own, JSON.stringify(holder))
  await rename(own, file)
}

async function findHolder(file: string): Promise<Holder | undefined> {
  try {
    const { pid, stopping } = JSON.parse(await readFile(file, 'utf8'))
    const description = await describeProcess(Number(pid))
    return description?.includes('dev/start.ts')
      ? { pid: Number(pid), stopping: stopping === true }
      : undefined
  } catch {
    return undefined
  }
}

// Of two that find the same dead holder only one can move its lock away. What was moved may by then be a
// living one's: it is put back.
async function removeStale(file: string): Promise<void> {
  const moved = `${file}.stale.${process.pid}`
  try {
    await rename(file, moved)
    if (await findHolder(moved)) await link(moved, file)
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(moved, { force: true })
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
