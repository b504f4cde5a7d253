import type { Environment } from '../../src/ops/read-environment.ts'
import { type Addresses, findAddresses } from './addresses.ts'
import { startBacking } from './backing.ts'
import { markerEnv } from './marker.ts'
import { createNodePart } from './node-part.ts'
import type { StartOptions } from './options.ts'
import type { Part } from './part.ts'
import type { Paths } from './paths.ts'
import { type Ports, choosePorts } from './ports.ts'
import { RunFile, describeRun } from './run-file.ts'
import type { Screen } from './screen.ts'
import { type PartStatus, Supervisor } from './supervisor.ts'
import { buildWorkflowBundle } from './workflow-bundle.ts'

export type LaunchOptions = {
  paths: Paths
  options: StartOptions
  /** The configuration, with `.env`. */
  settings: Environment
  /** The environment as it is. */
  env: NodeJS.ProcessEnv
  screen: Screen
}

/** All parts of a Perdura on this machine, kept alive until they are stopped. */
export class Launch {
  readonly #options: LaunchOptions
  readonly #runFile: RunFile
  readonly #supervisor: Supervisor
  readonly #ending = new AbortController()
  #addresses: Addresses | undefined

  constructor(options: LaunchOptions) {
    this.#options = options
    this.#runFile = new RunFile(options.paths.runFile)
    this.#supervisor = new Supervisor(options.screen, (parts) => this.#publish(parts))
  }

  /** Starts every part and resolves with the addresses when all of them serve. */
  async start(): Promise<Addresses> {
    const { options, settings, screen, paths } = this.#options
    const ports = await choosePorts(options, settings, screen)
    const addresses = await findAddresses(ports, settings)
    this.#addresses = addresses
    // The settings again, because a part sees no empty variable as one that undoes a line of `.env`.
    const env = { ...this.#options.env, ...settings, ...markerEnv(paths.home) }
    const start = (part: Part) => this.#supervisor.start(part)
    const backing = { paths, ports, addresses, settings, env, screen, start }
    const [told] = await Promise.all([
      startBacking(backing),
      buildWorkflowBundle(paths, env, this.#ending.signal),
    ])
    const apps = listApps(this.#options, ports, addresses, { ...env, ...told })
    await Promise.all(apps.map(start))
    return addresses
  }

  /** Stops every part within 10 s, whatever state the start is in. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('Stopping.'))
    await this.#supervisor.stop()
    await this.#runFile.remove()
  }

  async #publish(parts: PartStatus[]): Promise<void> {
    if (this.#addresses && !this.#ending.signal.aborted) {
      await this.#runFile.write(describeRun(this.#addresses, parts))
    }
  }
}

function listApps(
  { paths, options }: LaunchOptions,
  ports: Ports,
  addresses: Addresses,
  env: NodeJS.ProcessEnv,
): Part[] {
  const app = (name: string, file: string) => ({
    name,
    tier: 'app' as const,
    file,
    projectDir: paths.projectDir,
    logFile: paths.logOf(name),
    env: {
      ...env,
      PERDURA_WORKFLOW_BUNDLE: paths.workflowBundle,
      // Halves the start of a part, and with it the time until a dead worker's work goes on.
      NODE_COMPILE_CACHE: paths.compileCache,
    },
  })
  const workers = Array.from({ length: options.workers }, (_, index) =>
    createNodePart(app(nameOf('worker', index), 'src/worker/main.ts')),
  )
  const apis = ports.apis.map((reserved, index) => {
    const url = new URL(addresses.url)
    url.port = String(reserved.port)
    return createNodePart({ ...app(nameOf('api', index), 'src/api/main.ts'), reserved, url: url.origin })
  })
  return [...workers, ...apis]
}

function nameOf(kind: string, index: number): string {
  return index === 0 ? kind : `${kind}-${index + 1}`
}
