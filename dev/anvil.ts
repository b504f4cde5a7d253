import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { restoreAnvilState, watchAnvilState } from './anvil-state.ts'
import { type Child, type Exit, spawnChild } from './process/child.ts'
import { withLog } from './process/log-file.ts'
import { waitUntilServing } from './process/wait-until.ts'

const require = createRequire(import.meta.url)

/** The chain id of the local chain. */
export const anvilChainId = 31337

export type AnvilOptions = {
  /** Where the chain is kept; without it the chain ends with its process. */
  stateFile?: string
  logFile: string
  port: number
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** Told as soon as there is a process, long before it serves. */
  onSpawn?: (child: Child) => void
  /** Told when the kept chain was unreadable and an older copy was taken. */
  report?: (text: string) => void
}

export type RunningAnvil = {
  pid: number
  port: number
  rpcUrl: string
  exited: Promise<Exit>
  /** Stops and writes the chain's state; what does not stop within `graceMs` (default 5 s) is killed. */
  stop: (graceMs?: number) => Promise<void>
}

/** Starts a local Anvil chain on 127.0.0.1 and resolves when it serves. */
export async function startAnvil(options: AnvilOptions): Promise<RunningAnvil> {
  const { stateFile, report = () => {} } = options
  if (stateFile) await restoreAnvilState(stateFile, report)
  options.signal?.throwIfAborted()
  const rpcUrl = `http://127.0.0.1:${options.port}`
  const child = await spawnAnvil(options)
  options.onSpawn?.(child)
  const signal = options.signal ?? new AbortController().signal
  try {
    await waitUntilServing(() => isServing(rpcUrl), { child, timeoutMs: 30_000, signal })
  } catch (error) {
    await child.stop(2_000)
    throw error
  }
  if (stateFile) void child.exited.then(watchAnvilState(stateFile))
  return {
    pid: child.pid,
    port: options.port,
    rpcUrl,
    exited: child.exited,
    stop: (graceMs = 5_000) => child.stop(graceMs),
  }
}

async function spawnAnvil({ stateFile, logFile, port, env = process.env }: AnvilOptions): Promise<Child> {
  await mkdir(dirname(logFile), { recursive: true })
  // Blocks come by themselves too and an epoch is one slot, so that `safe` and `finalized` move; the state is
  // written each second, so that a kill loses nothing older.
  const args = [
    '--host=127.0.0.1',
    `--port=${port}`,
    `--chain-id=${anvilChainId}`,
    '--mixed-mining',
    '--block-time=12',
    '--slots-in-an-epoch=1',
    ...(stateFile ? [`--state=${stateFile}`, '--state-interval=1'] : []),
  ]
  return withLog(logFile, (output) =>
    spawnChild({ command: anvilBinary(), args, cwd: dirname(logFile), env, output }),
  )
}

function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'anvil')
  } catch (cause) {
    throw new Error(
      `There is no Anvil for ${process.platform}-${process.arch} (${name} is not installed). ` +
        'Set PERDURA_CHAINS to chains of your own.',
      { cause },
    )
  }
}

async function isServing(rpcUrl: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
  const headers = { 'content-type': 'application/json' }
  try {
    const signal = AbortSignal.timeout(2_000)
    const response = await fetch(rpcUrl, { method: 'POST', headers, body, signal })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
