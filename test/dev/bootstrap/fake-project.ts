import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createTestDir } from '../../support/servers.ts'

const bootstrapDir = join(import.meta.dirname, '..', '..', '..', 'dev', 'bootstrap')

// Installs, after a moment, what the bootstrap looks for, and counts how often it was asked to.
const fakeNpm = `#!/bin/sh
echo run >> npm-runs
sleep 0.3
mkdir -p node_modules/node/bin
ln -sf "$REAL_NODE" node_modules/node/bin/node
echo '{}' > node_modules/.package-lock.json
`

/** A project that holds the bootstrap and a stand-in for npm. */
export type FakeProject = {
  dir: string
  run(script: string, args?: readonly string[]): Promise<{ code: number | null; output: string }>
}

/** Makes a project without packages, on whose PATH the stand-in for npm is. */
export async function createFakeProject(): Promise<FakeProject> {
  const dir = await createTestDir('bootstrap')
  await cp(bootstrapDir, join(dir, 'dev', 'bootstrap'), { recursive: true })
  await writeFile(join(dir, 'package-lock.json'), '{}')
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin', 'npm'), fakeNpm)
  await chmod(join(dir, 'bin', 'npm'), 0o755)
  const env = { PATH: `${join(dir, 'bin')}:${process.env['PATH']}`, REAL_NODE: process.execPath }
  return {
    dir,
    run: (script, args = []) =>
      collect(spawn(process.execPath, [join('dev', 'bootstrap', script), ...args], { cwd: dir, env })),
  }
}

async function collect(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}
