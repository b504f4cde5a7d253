import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Says whether every account can reach what lies in a folder, which is not true of root's home. */
export async function canOthersEnter(dir: string): Promise<boolean> {
  const { mode } = await stat(dir)
  if ((mode & 0o001) === 0) return false
  return dirname(dir) === dir || canOthersEnter(dirname(dir))
}
