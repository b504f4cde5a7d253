import { copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const copyEachMs = 5_000

/**
 * Makes sure that Anvil can read its state. It writes the file in place, so a kill in that very moment leaves
 * half of it: the last good copy is taken then.
 */
export async function restoreAnvilState(file: string, report: (text: string) => void): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  if (!(await stat(file).catch(() => undefined)) || (await isWhole(file))) return
  const copy = copyOf(file)
  if (await isWhole(copy)) {
    report('the chain state was cut off by a kill: the copy of some seconds before is used')
    await copyFile(copy, file)
    return
  }
  report(`the chain state is unreadable and was put aside (${file}.broken): the chain begins anew`)
  await rename(file, `${file}.broken`)
}

/** Keeps a good copy of the state beside it. Returns the function that ends this. */
export function watchAnvilState(file: string): () => void {
  let copiedMs = 0
  const timer = setInterval(() => {
    void copyWhenChanged(file, copiedMs).then((modifiedMs) => (copiedMs = modifiedMs))
  }, copyEachMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function copyWhenChanged(file: string, copiedMs: number): Promise<number> {
  const modifiedMs = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0
  if (modifiedMs === copiedMs) return copiedMs
  const unchecked = `${copyOf(file)}.new`
  try {
    await copyFile(file, unchecked)
    if (!(await isWhole(unchecked))) return copiedMs
    await rename(unchecked, copyOf(file))
    return modifiedMs
  } catch {
    // The folder was wiped, or the file is just being written: the next look comes in seconds.
    await rm(unchecked, { force: true })
    return copiedMs
  }
}

function copyOf(file: string): string {
  return `${file}.copy`
}

async function isWhole(file: string): Promise<boolean> {
  try {
    JSON.parse(await readFile(file, 'utf8'))
    return true
  } catch {
    return false
  }
}
