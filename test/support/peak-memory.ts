import { readFile, writeFile } from 'node:fs/promises'

/** Only Linux tells the most memory that a process has held. */
export const tellsPeakMemory = process.platform === 'linux'

/** Begins to watch how much memory a process takes; `readGrowthMb` says by how much its peak is above now. */
export async function watchPeakMemory(pid: number): Promise<{ readGrowthMb(): Promise<number> }> {
  // Sets the peak back to what is held now.
  await writeFile(`/proc/${pid}/clear_refs`, '5')
  const beforeMb = await readMb(pid, 'VmRSS')
  return { readGrowthMb: async () => (await readMb(pid, 'VmHWM')) - beforeMb }
}

async function readMb(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (kilobytes === undefined) throw new Error(`Process ${pid} does not say its ${field}.`)
  return Number(kilobytes) / 1024
}
