// Plain JavaScript without dependencies: it runs before anything is installed, on Node 20 as well.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The folder of the clone. */
export const projectDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The Node that the project pins: the `node` package brings its binary. */
export const pinnedNode = join(projectDir, 'node_modules', 'node', 'bin', 'node')

const lockDir = join(projectDir, '.perdura', 'install.lock')

/** Runs `npm ci` when the installed packages are absent or older than the lock file. */
export async function ensureInstall() {
  if (process.platform === 'win32') fail('Perdura runs on Linux and macOS. On Windows use WSL.')
  if (isInstalled()) return
  await takeLock()
  try {
    if (!isInstalled()) await install()
  } finally {
    rmSync(lockDir, { recursive: true, force: true })
  }
}

function isInstalled() {
  const installed = modifiedMs(join(projectDir, 'node_modules', '.package-lock.json'))
  return installed >= modifiedMs(join(projectDir, 'package-lock.json')) && existsSync(pinnedNode)
}

function modifiedMs(file) {
  return existsSync(file) ? statSync(file).mtimeMs : -1
}

async function install() {
  say('Installing packages (npm ci) …')
  const startedAt = Date.now()
  const code = await runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (code !== 0)
    fail(`npm ci failed with exit code ${code}. Its messages are above; then run the command again.`)
  if (!existsSync(pinnedNode)) {
    fail(
      'npm ci left no pinned Node: its install scripts did not run. Check ignore-scripts in your npm configuration.',
    )
  }
  say(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`)
}

function runNpm(args) {
  // Under npm its own script is known; else the one on PATH is taken. All output goes to stderr, because
  // stdout belongs to the command that is about to run.
  const npmScript = process.env.npm_execpath
  const underNpm = npmScript?.endsWith('.js') && existsSync(npmScript)
  const command = underNpm ? process.execPath : 'npm'
  const child = spawn(command, underNpm ? [npmScript, ...args] : args, {
    cwd: projectDir,
    stdio: ['ignore', 2, 2],
  })
  // It would go on alone and pull the packages from under the next start.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.once('error', (error) => fail(`npm could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
}

// npm ci deletes node_modules first, so two at once would pull it from under each other.
async function takeLock() {
  mkdirSync(dirname(lockDir), { recursive: true })
  for (let told = false; ;) {
    try {
      mkdirSync(lockDir)
      writeFileSync(join(lockDir, 'pid'), String(process.pid))
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const owner = lockOwner()
    if (owner === undefined) {
      rmSync(lockDir, { recursive: true, force: true })
      continue
    }
    if (!told) say(`Another process (${owner}) is installing packages: waiting for it …`)
    told = true
    await sleep(500)
  }
}

/** The living owner of the lock; undefined when it died. A lock without a pid is being made right now. */
function lockOwner() {
  try {
    const pid = Number(readFileSync(join(lockDir, 'pid'), 'utf8'))
    process.kill(pid, 0)
    return pid
  } catch (error) {
    if (error.code === 'EPERM') return 'of another user'
    const age = Date.now() - (existsSync(lockDir) ? statSync(lockDir).mtimeMs : Date.now())
    return error.code === 'ENOENT' && age < 2_000 ? 'just started' : undefined
  }
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureInstall()
