import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'

import { type Client, createClient } from '../../src/client/create-client.ts'
import { type Gates, openGates } from './gates.ts'
import { openScriptedModel, type ScriptedModelDriver } from './scripted-model.ts'
import { createDatabase, createTestDir, localChain, temporalAddress } from './servers.ts'
import { watchLog } from './watch-log.ts'

type PartName = 'api' | 'worker'

/** One process of the product. */
export type Part = {
  pid: number
  logFile: string
  /** Sends the signal; resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** The exit code; null for one that a signal ended. */
  ended: Promise<number | null>
  /** Resolves when it has logged a message, before or from now on. */
  untilLogged(message: string): Promise<void>
}

export type Api = Part & { port: number; url: string }

export type ProductOptions = {
  workers?: number
  env?: Record<string, string>
  /** Replaces the shared servers, for tests that break them. */
  databaseUrl?: string
  temporal?: string
}

/** The real api and worker processes on the shared servers, with a scripted model and gated tools. */
export type Product = {
  url: string
  model: ScriptedModelDriver
  gates: Gates
  databaseUrl: string
  temporal: string
  taskQueue: string
  workers: Part[]
  api: Api
  /** A new guest. */
  login(): Promise<Client>
  startWorker(env?: Record<string, string>): Promise<Part>
  /** Starts one more api, on a port of its own or on the one of an api that has ended. */
  startApi(port?: number, env?: Record<string, string>): Promise<Api>
  /** Starts the api again on its old port. */
  restartApi(): Promise<void>
  close(): Promise<void>
}

const readyTimeoutMs = 60_000

/** Starts a product for one test file; close it in `afterAll`. */
export async function startProduct({
  workers = 1,
  env = {},
  ...given
}: ProductOptions = {}): Promise<Product> {
  const [model, gates, chain, logDir] = await Promise.all([
    openScriptedModel(),
    openGates(),
    localChain(),
    createTestDir('product'),
  ])
  const databaseUrl = given.databaseUrl ?? (await createDatabase()).url
  const temporal = given.temporal ?? (await temporalAddress())
  const taskQueue = `test-${randomBytes(6).toString('hex')}`
  const shared: Record<string, string> = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal,
    PERDURA_TASK_QUEUE: taskQueue,
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: 'sk-test-key',
    PERDURA_MODEL: 'scripted',
    // Titles and summaries would take replies of the conversations' scripts.
    PERDURA_HELPER_MODEL: 'none',
    PERDURA_CHAINS: `31337=${chain.rpcUrl}`,
    PERDURA_NAMED_ACCOUNTS: chain.namedAccounts,
    PERDURA_TOKENS: chain.tokens,
    PERDURA_TOOLS: join(import.meta.dirname, '..', 'fixtures', 'tools'),
    PERDURA_TOOL_ENV: 'TEST_GATES',
    PERDURA_GUEST_LOGINS_PER_MINUTE: '1000',
    PERDURA_REQUESTS_PER_MINUTE: '1000000',
    PERDURA_OPEN_TURN_LIMIT: '1000',
    // What one test's model refuses is nothing to the next one.
    PERDURA_SERVICE_FAILURES: '1000',
    PERDURA_GUEST_CONVERSATION_LIMIT: '10000',
    PERDURA_LOG_LEVEL: 'debug',
    TEST_GATES: gates.url,
    HOST: '127.0.0.1',
    PORT: '0',
    ...env,
  }
  const living = new Set<ChildProcess>()

  async function start(name: PartName, extra: Record<string, string> = {}): Promise<Api> {
    const logFile = join(logDir, `${name}-${living.size}-${randomBytes(2).toString('hex')}.log`)
    const child = fork(join(import.meta.dirname, '..', '..', 'src', name, 'main.ts'), {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...shared, ...extra },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    living.add(child)
    const log = createWriteStream(logFile)
    child.stdout?.pipe(log)
    child.stderr?.pipe(log)
    const logged = watchLog(child)
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    void ended.then(() => living.delete(child))
    const port = await untilReady(child, logFile)
    return {
      pid: child.pid ?? 0,
      port,
      url: `http://127.0.0.1:${port}`,
      logFile,
      ended,
      untilLogged: logged,
      async kill(signal) {
        child.kill(signal)
        await ended
      },
    }
  }

  // The first one migrates; the others wait for it anyway.
  const [api, ...started] = await Promise.all([
    start('api'),
    ...Array.from({ length: workers }, () => start('worker')),
  ])
  const product: Product = {
    url: api.url,
    model,
    gates,
    databaseUrl,
    temporal,
    taskQueue,
    workers: started,
    api,
    async login() {
      const { token } = await createClient({ url: product.url }).loginAsGuest()
      return createClient({ url: product.url, token })
    },
    async startWorker(extra) {
      const worker = await start('worker', extra)
      product.workers.push(worker)
      return worker
    },
    startApi: (port = 0, extra = {}) => start('api', { ...extra, PORT: String(port) }),
    async restartApi() {
      product.api = await product.startApi(api.port)
    },
    async close() {
      const exits = [...living].map(async (child) => {
        child.kill('SIGKILL')
        await once(child, 'exit')
      })
      await Promise.all(exits)
      await Promise.all([model.close(), gates.close()])
    },
  }
  return product
}

async function untilReady(child: ChildProcess, logFile: string): Promise<number> {
  const ready = Promise.withResolvers<number>()
  child.once('message', (message) => {
    const port = typeof message === 'object' && 'port' in message ? message.port : 0
    ready.resolve(typeof port === 'number' ? port : 0)
  })
  child.once('exit', (code) =>
    ready.reject(new Error(`A part ended with ${code} before it was ready: ${logFile}`)),
  )
  const timer = setTimeout(
    () => ready.reject(new Error(`A part is not ready in time: ${logFile}`)),
    readyTimeoutMs,
  )
  try {
    return await ready.promise
  } finally {
    clearTimeout(timer)
  }
}
