import { readdir, readFile } from 'node:fs/promises'

type Process = { pid: number; parent: number; cpuMs: number }

// Linux counts in hundredths of a second, whatever the kernel's own clock is.
const tickMs = 10

/** CPU time that a process and what it started have used, in milliseconds; 0 where there is no /proc. */
export async function readCpuTimeMs(pid: number): Promise<number> {
  const processes = await listProcesses()
  const wanted = treeOf(pid, processes)
  return processes.reduce((sum, process) => sum + (wanted.has(process.pid) ? process.cpuMs : 0), 0)
}

/** The process and all that it has started, and so on. */
export async function listProcessTree(pid: number): Promise<number[]> {
  return [...treeOf(pid, await listProcesses())]
}

function treeOf(pid: number, processes: readonly Process[]): Set<number> {
  const wanted = new Set([pid])
  // A parent may stand behind its child in the list.
  for (let before = 0; before !== wanted.size;) {
    before = wanted.size
    for (const process of processes) if (wanted.has(process.parent)) wanted.add(process.pid)
  }
  return wanted
}

async function listProcesses(): Promise<Process[]> {
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry))
  const read = await Promise.all(pids.map(readProcess))
  return read.flatMap((process) => process ?? [])
}

async function readProcess(pid: string): Promise<Process | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces; after it come state and parent, then times at 11 to 14.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0)
    return { pid: Number(pid), parent: Number(fields[1]), cpuMs: ticks * tickMs }
  } catch {
    // It ended between the listing and the look.
    return undefined
  }
}
