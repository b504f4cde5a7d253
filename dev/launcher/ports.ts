import { findFreePort } from '../process/ports.ts'
import type { StartOptions } from './options.ts'
import type { Screen } from './screen.ts'

/** The ports of one run, chosen before anything starts, so that every part can be told where the others are. */
export type Ports = {
  apis: readonly number[]
  postgres: number
  temporal: number
  temporalUi: number
  anvil: number
  model: number
}

/** Chooses the ports: the usual ones, or the next that are free, which is said. */
export async function choosePorts(
  options: StartOptions,
  env: NodeJS.ProcessEnv,
  screen: Screen,
): Promise<Ports> {
  const taken = new Set<number>()
  const choose = async (name: string, preferred: number): Promise<number> => {
    const port = await findFreePort(preferred, taken)
    const isNeighbour = taken.has(preferred)
    taken.add(port)
    if (port !== preferred && !isNeighbour) {
      screen.part(name, `port ${preferred} is in use by another program: using ${port}`)
    }
    return port
  }
  const apis: number[] = []
  for (let index = 0; index < options.apis; index++) {
    apis.push(await choose('api', (apis.at(-1) ?? parsePort(env.PORT) - 1) + 1))
  }
  return {
    apis,
    postgres: await choose('postgres', 5440),
    temporal: await choose('temporal', 7233),
    temporalUi: await choose('temporal', 8233),
    anvil: await choose('anvil', 8545),
    model: await choose('model', 4049),
  }
}

// A wrong PORT is the api's to explain; here it only chooses where to begin.
function parsePort(text: string | undefined): number {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : 4040
}
