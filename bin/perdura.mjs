#!/usr/bin/env node
// Plain JavaScript, because it starts on whatever Node is first on PATH. In a clone it goes on with the pinned
// one and the sources, in an installed package with the compiled program.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageDir = join(dirname(fileURLToPath(import.meta.url)), '..')
const bootstrap = join(packageDir, 'dev', 'bootstrap', 'ensure-install.mjs')
const source = join(packageDir, 'src', 'terminal', 'main.ts')

if (existsSync(bootstrap) && existsSync(source)) await runClone()
else await runPackage()

async function runClone() {
  const { ensureInstall, pinnedNode } = await import(bootstrap)
  await ensureInstall()
  const child = spawn(pinnedNode, [source, ...process.argv.slice(2)], { stdio: 'inherit' })
  forwardSignals(child)
  const [code, signal] = await new Promise((resolve) => {
    child.once('exit', (...ending) => resolve(ending))
  })
  process.exit(code ?? 128 + constants.signals[signal])
}

// A terminal sends Ctrl-C to the child as well, for which one means "stop the turn" and two mean "leave".
function forwardSignals(child) {
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
}

async function runPackage() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 18)) {
    console.error(`perdura needs Node 22.18 or newer; this is ${process.version}.`)
    process.exit(1)
  }
  await import(join(packageDir, 'dist', 'terminal', 'main.js'))
}
