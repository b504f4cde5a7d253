import { hasModelConfig } from '../../src/models/provider-config.ts'
import type { Environment } from '../../src/ops/read-environment.ts'
import { type ReservedPort, reservePort } from '../process/reserved-port.ts'
import type { StartOptions } from './options.ts'
import type { Screen } from './screen.ts'

/**
 * The ports of one run, kept before anything starts, so that every part can be told where the others are.
 * What the configuration names is not ours to start and has none.
 */
export type Ports = {
  apis: readonly [ReservedPort, ...ReservedPort[]]
  postgres: ReservedPort | undefined
  temporal: { server: ReservedPort; ui: ReservedPort } | undefined
  anvil: ReservedPort | undefined
  model: ReservedPort | undefined
}

/** Chooses the ports: the usual ones, or the next that are free, which is said. */
export async function choosePorts(
  options: StartOptions,
  settings: Environment,
  screen: Screen,
): Promise<Ports> {
  const choose = async (name: string, preferred: number): Promise<ReservedPort> => {
    const reserved = await reservePort(preferred)
    if (reserved.port !== preferred) {
      screen.part(name, `port ${preferred} is in use by another program: using ${reserved.port}`)
    }
    return reserved
  }
  const first = await choose('api', parsePort(settings['PORT']))
  const others: ReservedPort[] = []
  // Nobody expects the others at a certain place, so nothing is said of a gap.
  while (others.length < options.apis - 1) others.push(await reservePort(first.port + 1 + others.length))
  const isNamed = (variable: string): boolean => settings[variable] !== undefined
  return {
    apis: [first, ...others],
    postgres: isNamed('DATABASE_URL') ? undefined : await choose('postgres', 5440),
    temporal: isNamed('TEMPORAL_ADDRESS')
      ? undefined
      : { server: await choose('temporal', 7233), ui: await choose('temporal', 8233) },
    anvil: isNamed('PERDURA_CHAINS') ? undefined : await choose('anvil', 8545),
    model: hasModelConfig(settings) ? undefined : await choose('model', 4049),
  }
}

// A wrong PORT is explained when the configuration is parsed; 0 means any.
function parsePort(text: string | undefined): number {
  return Number(text) || 4040
}
