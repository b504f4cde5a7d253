import { execFile } from 'node:child_process'
import { cp, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { canOthersEnter } from '../../dev/process/can-others-enter.ts'

const run = promisify(execFile)

const projectDir = join(import.meta.dirname, '..', '..')

const parts = ['package.json', 'package-lock.json', 'tsconfig.json', 'bin', 'dev', 'src']

// Each says that it is ready and leaves on SIGTERM, which is all that the launcher knows of a part.
const stayingProgram = `
process.on('SIGTERM', () => process.exit(0))
setInterval(() => {}, 1_000)
process.send?.({ type: 'ready' })
`

const servingProgram = `
import { createServer } from 'node:http'
process.on('SIGTERM', () => process.exit(0))
const port = Number(process.env.PORT)
const server = createServer((request, response) => response.end(JSON.stringify(process.env)))
server.listen(port, '127.0.0.1', () => process.send?.({ type: 'ready', port }))
`

const standIns = {
  'src/api/main.ts': servingProgram,
  'src/models/scripted/main.ts': servingProgram,
  'src/worker/main.ts': stayingProgram,
  'src/worker/build-bundle.ts': '',
}

/** Makes a copy of the project in `dir`, as a clone is after the installation. */
export async function makeClone(dir: string): Promise<void> {
  for (const part of parts) await cp(join(projectDir, part), join(dir, part), { recursive: true })
  // A lock file that looked newer than what is installed would make the clone install anew, through the link.
  await utimes(join(dir, 'package-lock.json'), 0, 0)
  await placePackages(join(projectDir, 'node_modules'), join(dir, 'node_modules'))
}

// Another account may not enter the folder of the project; then the files get a second name where it can.
async function placePackages(from: string, to: string): Promise<void> {
  if (await canOthersEnter(from)) await symlink(from, to)
  else await run('cp', ['-al', from, to]).catch(() => run('cp', ['-a', from, to]))
}

/**
 * Makes a clone whose api, worker and model do nothing but live: what starts, stops and restarts them is
 * real. The api answers every request with its environment.
 */
export async function makeCloneWithStandIns(dir: string): Promise<void> {
  await makeClone(dir)
  for (const [file, program] of Object.entries(standIns)) {
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), program)
  }
}
