import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, delimiter, join } from 'node:path'
import { pinnedNode, projectDir } from './ensure-install.mjs'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

// A terminal sends Ctrl-C to the whole group and npm sends it on once more: one key press, one signal.
const repeatMs = 1_000

/**
 * Runs the pinned Node in the project's folder and resolves with the exit code it ended with.
 * The child has a session of its own and gets each signal once. With `tethered` it also has an IPC channel,
 * whose end tells it that this process was killed. `env` is added to the environment.
 */
export async function runPinnedNode(args, { env = {}, tethered = false } = {}) {
  const child = spawn(pinnedNode, args, {
    cwd: projectDir,
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', tethered ? 'ipc' : 'ignore'],
    env: { ...process.env, ...env, PATH: pinnedPath() },
  })
  const stopForwarding = forwardSignals(child)
  const stopWatching = watchNpm(() => child.kill('SIGTERM'))
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (...ending) => resolve(ending))
  })
  stopForwarding()
  stopWatching()
  return code ?? 128 + constants.signals[signal]
}

/** PATH with the pinned Node and the tools of the project first. */
function pinnedPath() {
  const own = [dirname(pinnedNode), join(projectDir, 'node_modules', '.bin')]
  return [...own, process.env.PATH ?? ''].join(delimiter)
}

function forwardSignals(child) {
  const sentAtMs = new Map()
  const forward = (signal) => {
    if (Date.now() - (sentAtMs.get(signal) ?? 0) < repeatMs) return
    sentAtMs.set(signal, Date.now())
    child.kill(signal)
  }
  for (const signal of signals) process.on(signal, forward)
  return () => signals.forEach((signal) => process.off(signal, forward))
}

// Whoever kills npm means what it runs; npm itself cannot pass on a SIGKILL.
function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return () => {}
  const npm = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(timer)
    onGone()
  }, 250)
  return () => clearInterval(timer)
}
