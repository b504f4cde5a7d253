import { open, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A holder that takes longer than this is taken for dead. */
const staleAfterMs = 10_000

/** Runs `work` while no other process on this machine holds the lock. */
export async function withLockFile<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  while (!(await takeLock(path))) await sleep(25)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function takeLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.close()
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const held = await stat(path).catch(() => undefined)
    if (held && Date.now() - held.mtimeMs > staleAfterMs) await rm(path, { force: true })
    return false
  }
}
