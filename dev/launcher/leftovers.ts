import { endProcess } from '../process/end-process.ts'
import { describeProcess, listProcessesWith } from '../process/identity.ts'
import { markerText } from './marker.ts'
import { findRun } from './run-file.ts'
import type { Screen } from './screen.ts'

export type LeftoverOptions = { home: string; runFile: string; screen: Screen }

/**
 * Ends what a launcher that was killed left running. The database goes last and gently, so that the others
 * can still write.
 */
export async function endLeftovers({ home, runFile, screen }: LeftoverOptions): Promise<void> {
  const named = (await findRun(runFile))?.parts ?? []
  const own = markerText(home)
  const found = await findOwn([...named.map(({ pid }) => pid), ...(await listProcessesWith(own))], own)
  if (found.length === 0) return
  const nameOf = (pid: number): string => named.find((part) => part.pid === pid)?.name ?? 'process'
  const list = found.map((pid) => `${nameOf(pid)} ${pid}`).join(', ')
  screen.line(`An earlier start was killed and left parts running. Replacing: ${list}`)
  const isDatabase = (pid: number): boolean => nameOf(pid) === 'postgres'
  await Promise.all(found.filter((pid) => !isDatabase(pid)).map((pid) => endProcess(pid, 4_000)))
  await Promise.all(found.filter(isDatabase).map((pid) => endProcess(pid, 4_000, 'SIGINT')))
}

// The numbers in the run file may belong to strangers by now.
async function findOwn(pids: readonly number[], marker: string): Promise<number[]> {
  const candidates = [...new Set(pids)].filter((pid) => pid !== process.pid && pid !== process.ppid)
  const checked = await Promise.all(
    candidates.map(async (pid) => ({ pid, text: await describeProcess(pid) })),
  )
  return checked.filter(({ text }) => text?.includes(marker)).map(({ pid }) => pid)
}
