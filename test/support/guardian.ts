/**
 * Cleans up after a test run, however that ends: `node guardian.ts <folder>` waits for the end of its stdin,
 * which comes even when the run is killed, then ends every process that mentions the folder and removes it.
 */
import { rm } from 'node:fs/promises'

import { endProcess } from '../../dev/process/end-process.ts'
import { listProcessesWith } from '../../dev/process/identity.ts'

const [folder] = process.argv.slice(2)
if (!folder) throw new Error('Name the folder of the test run.')

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
for await (const _ of process.stdin) continue

for (let left = await listProcessesWith(folder); left.length > 0; left = await listProcessesWith(folder)) {
  await Promise.all(left.map((pid) => endProcess(pid, 0, 'SIGKILL')))
}
await rm(folder, { recursive: true, force: true, maxRetries: 5 })
