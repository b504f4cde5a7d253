import { ensureInstall } from './ensure-install.mjs'
import { runPinnedNode } from './run-pinned-node.mjs'

await ensureInstall()
process.exitCode = await runPinnedNode(['dev/build.ts'])
