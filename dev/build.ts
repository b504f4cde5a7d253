/** `npm run build`: makes `dist`, which is what an installed package and the container image run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, glob, mkdir, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

const projectDir = join(import.meta.dirname, '..')
const sourceDir = join(projectDir, 'src')
const outputDir = join(projectDir, 'dist')

// What the programs read beside themselves; the compiler takes care of code only.
const assets = ['src/**/*.sql', 'src/models/*.md']

async function build(): Promise<void> {
  await rm(outputDir, { recursive: true, force: true })
  await run(join(projectDir, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json')
  for await (const file of glob(assets, { cwd: projectDir })) await copyAsset(join(projectDir, file))
  await run(join(sourceDir, 'worker', 'build-bundle.ts'), join(outputDir, 'workflow-bundle.js'))
}

async function copyAsset(file: string): Promise<void> {
  const target = join(outputDir, relative(sourceDir, file))
  await mkdir(dirname(target), { recursive: true })
  await cp(file, target)
}

async function run(script: string, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [script, ...args], { cwd: projectDir, stdio: 'inherit' })
  const [code]: unknown[] = await once(child, 'exit')
  if (code !== 0) process.exit(typeof code === 'number' ? code : 1)
}

await build()
