import { ensureInstall } from './ensure-install.mjs'
import { runPinnedNode } from './run-pinned-node.mjs'

await ensureInstall()
process.exitCode = await runPinnedNode(['dev/start.ts', ...process.argv.slice(2)], { tethered: true })
