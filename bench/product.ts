import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Launch } from '../dev/launcher/launch.ts'
import { pathsOf } from '../dev/launcher/paths.ts'
import type { RunFileContent } from './run-file.ts'
import { readRunFile } from './run-file.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

/** The running product that a bench drives: all parts as `npm start` runs them, on data of its own. The worker
 * is the bench's, because the launcher pauses longer with each death. */
export type BenchProduct = {
  url: string
  temporalAddress: string
  databaseUrl: string
  /** Temporal's own database. */
  temporalDatabase: string
  /** What api and worker were told. */
  settings: Record<string, string>
  parts(): Promise<RunFileContent['parts']>
  /** Starts one more worker, which is stopped with the rest. */
  addWorker(): Promise<void>
  /** kill -9 of the one worker, which is started again at once, as the launcher does the first time. */
  killWorker(): Promise<void>
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
    PERDURA_REQUESTS_PER_MINUTE: '10000000',
    PERDURA_OPEN_TURN_LIMIT: '1000000',
    PERDURA_GUEST_CONVERSATION_LIMIT: '10000000',
    PERDURA_STREAM_LIMIT: '10000',
    PERDURA_LOG_LEVEL: 'info',
    PERDURA_SWEEP_SECONDS: '1',
    SCRIPTED_MODELS: 'demo,bench,bench-long:16000',
  }
  const launch = new Launch({
    paths,
    options: { help: false, reset: false, yes: false, workers: 0, apis: 1 },
    settings,
    env: process.env,
    screen: { part: (name, text) => console.error(`  ${name.padEnd(12)}${text}`), line: console.error },
  })
  const remove = () => rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 })
  try {
    const { url, temporalAddress } = await launch.start()
    const { databaseUrl, rpcUrl, parts } = await readRunFile(paths.runFile)
    const model = parts.find(({ name }) => name === 'model')
    const told = {
      ...settings,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      PERDURA_CHAINS: `31337=${rpcUrl}`,
      PERDURA_PROVIDERS: 'scripted',
      SCRIPTED_BASE_URL: model?.url ?? '',
      PERDURA_WORKFLOW_BUNDLE: paths.workflowBundle,
      NODE_COMPILE_CACHE: paths.compileCache,
    }
    let worker = await startWorker(told)
    const added: WorkerProcess[] = []
    return {
      url,
      temporalAddress,
      databaseUrl,
      temporalDatabase: paths.temporalDatabase,
      settings: told,
      async parts() {
        const started = (await readRunFile(paths.runFile)).parts
        return [...started, ...[worker, ...added].map(({ pid }) => ({ name: 'worker', pid }))]
      },
      async addWorker() {
        added.push(await startWorker(told))
      },
      async killWorker() {
        await worker.kill('SIGKILL')
        worker = await startWorker(told)
      },
      async stop() {
        await Promise.all([worker, ...added].map((each) => each.kill('SIGTERM')))
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
