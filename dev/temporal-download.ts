import { execFile } from 'node:child_process'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

// Without internet the build has to begin soon; a slow line may still take its time for the body.
const connectMs = 4_000
const transferMs = 180_000

/** What it takes to put the `temporal` command at `target`, whole or not at all. */
export type MakeTemporalOptions = {
  target: string
  version: string
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  report: (text: string) => void
}

/** Puts the official build of the `temporal` command at `target`. */
export async function downloadTemporal({
  target,
  version,
  signal,
  report,
}: MakeTemporalOptions): Promise<void> {
  report(`downloading the temporal command ${version}`)
  const dir = join(dirname(target), `download-${process.pid}`)
  await mkdir(dir, { recursive: true })
  try {
    await writeFile(join(dir, 'archive.tar.gz'), await fetchArchive(archiveUrl(version), signal))
    await run('tar', ['-xzf', 'archive.tar.gz', 'temporal'], { cwd: dir })
    await chmod(join(dir, 'temporal'), 0o755)
    await run(join(dir, 'temporal'), ['--version'], { timeout: 20_000 })
    await rename(join(dir, 'temporal'), target)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function archiveUrl(version: string): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  return `https://temporal.download/cli/archive/v${version}?platform=${process.platform}&arch=${arch}`
}

async function fetchArchive(url: string, signal: AbortSignal): Promise<Buffer> {
  const connecting = new AbortController()
  const timer = setTimeout(() => connecting.abort(), connectMs)
  const limits = AbortSignal.any([signal, connecting.signal, AbortSignal.timeout(transferMs)])
  try {
    const response = await fetch(url, { signal: limits })
    clearTimeout(timer)
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return Buffer.from(await response.arrayBuffer())
  } catch (cause) {
    throw new Error('the download of the temporal command failed (no internet?)', { cause })
  } finally {
    clearTimeout(timer)
  }
}
