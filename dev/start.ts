/** `npm start`: everything that a Perdura needs on one machine, from one command. */
import { join } from 'node:path'

import { loadConfig } from '../src/ops/config.ts'
import { readEnvironment } from '../src/ops/read-environment.ts'
import type { Addresses } from './launcher/addresses.ts'
import { waitForEnding } from './launcher/ending.ts'
import { openHome } from './launcher/home.ts'
import { Launch } from './launcher/launch.ts'
import { endLeftovers } from './launcher/leftovers.ts'
import { type Holder, type Lock, takeLock } from './launcher/lock.ts'
import { type StartOptions, parseStartOptions, usage } from './launcher/options.ts'
import { pathsOf } from './launcher/paths.ts'
import { confirmReset, wipe } from './launcher/reset.ts'
import { findRun } from './launcher/run-file.ts'
import { createScreen } from './launcher/screen.ts'
import { StartError, messageOf } from './launcher/start-error.ts'

const screen = createScreen()
const paths = pathsOf(join(import.meta.dirname, '..'))

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2), process.env)
  if (options.help) return screen.line(usage)
  const settings = readEnvironment(paths.projectDir)
  loadConfig(settings)
  const ending = waitForEnding()
  await openHome(paths.home)
  const lock = await takeLock(paths.lockFile)
  if ('pid' in lock) throw await toRunningError(lock)
  try {
    const ended = await Promise.race([ending, prepare(options)])
    if (ended !== undefined) return
    const launch = new Launch({ paths, options, settings, env: process.env, screen })
    await runUntil(ending, launch, lock)
  } finally {
    await lock.release()
  }
}

/** Makes room for this start: ends what a killed one left, and wipes the data when that is wanted. */
async function prepare(options: StartOptions): Promise<void> {
  if (options.reset) await confirmReset(paths, options)
  await endLeftovers({ home: paths.home, runFile: paths.runFile, screen })
  if (options.reset) await wipe(paths)
}

async function runUntil(ending: Promise<string>, launch: Launch, lock: Lock): Promise<void> {
  try {
    const started = await Promise.race([launch.start(), ending])
    if (typeof started !== 'string') announce(started)
    screen.line(`\nStopping: ${await ending}`)
  } finally {
    await lock.markStopping()
    await launch.stop()
    screen.line('Everything has stopped.')
  }
}

function announce({ url, docsUrl, temporalUiUrl }: Addresses): void {
  screen.line(`\nPerdura is ready: ${url}`)
  screen.line(`  API docs     ${docsUrl}`)
  if (temporalUiUrl !== undefined) screen.line(`  Temporal UI  ${temporalUiUrl}`)
  screen.line('  Ctrl-C stops it. Logs and data are in .perdura; npm start -- --reset wipes them.')
}

async function toRunningError({ pid }: Holder): Promise<StartError> {
  const run = await findRun(paths.runFile)
  const where = run ? `at ${run.url}` : 'and still starting'
  return new StartError(
    `Perdura is running already, ${where} (process ${pid}). Stop it with Ctrl-C in its terminal or: kill ${pid}`,
  )
}

try {
  await main()
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
// The channel to the command that started this one would keep it alive.
process.exit()
