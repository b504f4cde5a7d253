import { readFile } from 'node:fs/promises'

import { listProcessTree } from './cpu-time.ts'
import type { BenchProduct } from './product.ts'

const kib = 1_024

/**
 * Memory of each part with what it has started, in MiB: the parts' proportional share of pages, so that what
 * PostgreSQL's processes have in common counts once. 0 where there is no /proc.
 */
export async function readMemoryOfParts(product: BenchProduct): Promise<Map<string, number>> {
  const parts = await product.parts()
  const sizes = await Promise.all(
    parts.map(async ({ pid }) => {
      const pids = await listProcessTree(pid)
      const bytes = await Promise.all(pids.map(readSizeBytes))
      return bytes.reduce((sum, each) => sum + each, 0) / kib / kib
    }),
  )
  const byName = new Map<string, number>()
  for (const [index, { name }] of parts.entries()) {
    byName.set(name, (byName.get(name) ?? 0) + (sizes[index] ?? 0))
  }
  return byName
}

async function readSizeBytes(pid: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * kib
  } catch {
    // It ended meanwhile.
    return 0
  }
}
