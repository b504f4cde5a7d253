import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Launch } from '../dev/launcher/launch.ts'
import { pathsOf } from '../dev/launcher/paths.ts'
import type { RunFileContent } from './run-file.ts'
import { readRunFile } from './run-file.ts'

/** The running product that a bench drives: all parts as `npm start` runs them, on data of its own. */
export type BenchProduct = {
  url: string
  temporalAddress: string
  /** What api and worker were told. */
  settings: Record<string, string>
  parts(): Promise<RunFileContent['parts']>
  stop(): Promise<void>
}

const projectDir = join(import.meta.dirname, '..')

/** Starts the product with a scripted model in test mode, which answers model `bench` instantly. */
export async function startBenchProduct(): Promise<BenchProduct> {
  const home = await mkdtemp(join(tmpdir(), 'perdura-bench-'))
  await chmod(home, 0o755)
  const paths = { ...pathsOf(home), projectDir }
  await mkdir(paths.home)
  const settings = {
    PERDURA_SCRIPTED_MODE: 'test',
    PERDURA_TOOLS: join(import.meta.dirname, 'tools'),
    PERDURA_GUEST_LOGINS_PER_MINUTE: '100000',
    PERDURA_STREAM_LIMIT: '10000',
    PERDURA_LOG_LEVEL: 'info',
  }
  const launch = new Launch({
    paths,
    options: { help: false, reset: false, yes: false, workers: 1, apis: 1 },
    settings,
    env: process.env,
    screen: { part: (name, text) => console.error(`  ${name.padEnd(12)}${text}`), line: console.error },
  })
  const remove = () => rm(home, { recursive: true, force: true })
  try {
    const { url, temporalAddress } = await launch.start()
    const { databaseUrl, rpcUrl, parts } = await readRunFile(paths.runFile)
    const model = parts.find(({ name }) => name === 'model')
    return {
      url,
      temporalAddress,
      settings: {
        ...settings,
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: temporalAddress,
        PERDURA_CHAINS: `31337=${rpcUrl}`,
        PERDURA_PROVIDERS: 'scripted',
        SCRIPTED_BASE_URL: model?.url ?? '',
      },
      parts: async () => (await readRunFile(paths.runFile)).parts,
      async stop() {
        await launch.stop()
        await remove()
      },
    }
  } catch (error) {
    await launch.stop()
    await remove()
    throw error
  }
}
