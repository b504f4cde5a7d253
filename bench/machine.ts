import { cpus, release, totalmem, type } from 'node:os'
import { readFile } from 'node:fs/promises'

/** What the figures were measured on. */
export type Machine = {
  cpu: string
  cores: number
  memoryGiB: number
  system: string
  node: string
  product: string
}

/** Reads the machine's facts. Figures of two machines, or of two days on a shared one, cannot be compared. */
export async function readMachine(): Promise<Machine> {
  const { version }: { version: string } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    product: version,
  }
}
