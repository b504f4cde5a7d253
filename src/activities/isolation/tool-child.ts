/**
 * The process of a tool: runs one call after the other, as its worker orders. Started by `tool-process.ts` only,
 * with its memory limit in megabytes as the one argument.
 */
import { startWatchdog } from '../../ops/watchdog.ts'
import { resolveToolkitImports } from '../../toolkit/resolve-toolkit-imports.ts'
import { createChildServices } from './child-services.ts'
import { toCrossingError } from './crossing-error.ts'
import { type FromProcess, type ToolOrder, toProcess } from './protocol.ts'
import { runOrder } from './run-order.ts'

type Running = { controller: AbortController; ports: ReturnType<typeof createChildServices> }
let running: Running | undefined

startWatchdog({ memoryLimitMb: Number(process.argv[2]) })
resolveToolkitImports()

process.on('message', (message) => {
  const told = toProcess.parse(message)
  if (told.kind === 'order') void run(told)
  else if (told.kind === 'abort') abort(told.message)
  else running?.ports.take(told)
})
// The worker has gone; nobody waits for anything any more.
process.once('disconnect', () => process.exit(1))
process.on('uncaughtException', (error) => {
  const exit = () => process.exit(1)
  void tell({ kind: 'thrown', error: toCrossingError(error) }).then(exit, exit)
})
// Whoever tells all processes of a service to stop means the worker, which ends its turns first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

async function run(order: ToolOrder): Promise<void> {
  const controller = new AbortController()
  const ports = createChildServices((message) => void tell(message), order.defaultChainId)
  running = { controller, ports }
  await runOrder(order, { tell, signal: controller.signal, services: ports.services })
  running = undefined
  // What nobody has waited for goes off first.
  await new Promise(setImmediate)
  await tell({ kind: 'rested', isQuiet: ports.openCount() === 0 && isQuiet() })
}

function abort(message: string): void {
  void tell({ kind: 'heard' })
  running?.controller.abort(new Error(message))
}

/** Resolves when it is written: a process that ends would take along what is not. */
function tell(message: FromProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.send?.(message, undefined, undefined, () => resolve())
  return promise
}

/** Nothing that keeps a process alive is left but the channel to its worker. */
function isQuiet(): boolean {
  return process.getActiveResourcesInfo().length <= 1
}
