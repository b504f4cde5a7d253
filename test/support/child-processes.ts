import { readFile } from 'node:fs/promises'

/** Only Linux lists what a process has started. */
export const listsChildren = process.platform === 'linux'

/** The processes that a process has started itself. */
export async function listChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
