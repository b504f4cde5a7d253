import { execFile, spawn } from 'node:child_process'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

import type { MakeTemporalOptions } from './temporal-download.ts'

const run = promisify(execFile)

const moduleDir = join(import.meta.dirname, 'temporal')
const command = 'github.com/temporalio/cli/cmd/temporal'
const reportEachMs = 10_000

/** Builds the `temporal` command from its Go module (`dev/temporal/go.mod`) and puts it at `target`. */
export async function buildTemporal(options: MakeTemporalOptions): Promise<void> {
  await assertGo(options.env)
  options.report('building the temporal command with Go: about 3 minutes, once for this user')
  const unfinished = `${options.target}.${process.pid}`
  await mkdir(dirname(options.target), { recursive: true })
  try {
    await build(options, unfinished)
    await rename(unfinished, options.target)
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function assertGo(env: NodeJS.ProcessEnv): Promise<void> {
  await run('go', ['version'], { env }).catch((cause: unknown) => {
    throw new Error('Go is not installed, so the temporal command cannot be built', { cause })
  })
}

function build({ version, env, signal, report }: MakeTemporalOptions, output: string): Promise<void> {
  const linkerFlags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`
  // `-v` names each package as it is compiled, which is the only sign of life that Go gives.
  const child = spawn('go', ['build', '-v', '-trimpath', '-ldflags', linkerFlags, '-o', output, command], {
    cwd: moduleDir,
    env: { ...env, CGO_ENABLED: '0', GOFLAGS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Compilers that Go has started must go with it.
    detached: true,
  })
  const end = (): void => void (child.pid && process.kill(-child.pid, 'SIGKILL'))
  signal.addEventListener('abort', end, { once: true })
  const progress = reportProgress(child.stderr, report)
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new Error(`the build of the temporal command failed: ${progress.lastLine() || `exit ${code}`}`),
        )
    })
  }).finally(() => {
    progress.stop()
    signal.removeEventListener('abort', end)
  })
}

function reportProgress(output: NodeJS.ReadableStream, report: (text: string) => void) {
  const startedAt = Date.now()
  let packageCount = 0
  let lastLine = ''
  createInterface({ input: output }).on('line', (line) => {
    lastLine = line
    packageCount++
  })
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    report(`still building: ${seconds} s, ${packageCount} packages, now ${lastLine || 'loading modules'}`)
  }, reportEachMs)
  return { lastLine: () => lastLine, stop: () => clearInterval(timer) }
}
