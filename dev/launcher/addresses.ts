import { lookup } from 'node:dns/promises'

import type { Environment } from '../../src/ops/read-environment.ts'
import type { Ports } from './ports.ts'
import type { Run } from './run-file.ts'

/** Where people and programs reach what runs here. `databaseUrl` is empty until the database has its password. */
export type Addresses = Omit<Run, 'version' | 'launcher' | 'parts'>

/** Tells the addresses of a run: those that the configuration names, else those of the chosen ports. */
export async function findAddresses(ports: Ports, settings: Environment): Promise<Addresses> {
  const url = `http://${await shownHost(settings['HOST'])}:${ports.apis[0].port}`
  const local = await shownHost(undefined)
  return {
    url,
    docsUrl: `${url}/docs`,
    // Of a server that is not ours only its address is known.
    ...(ports.temporal && { temporalUiUrl: `http://${local}:${ports.temporal.ui.port}` }),
    temporalAddress: settings['TEMPORAL_ADDRESS'] ?? `127.0.0.1:${ports.temporal?.server.port}`,
    databaseUrl: settings['DATABASE_URL'] ?? '',
    rpcUrl: firstChainUrl(settings['PERDURA_CHAINS']) ?? `http://127.0.0.1:${ports.anvil?.port}`,
  }
}

/** The host name that people are shown for a server that listens on `host`. */
async function shownHost(host: string | undefined): Promise<string> {
  const isLocal = host === undefined || ['', 'localhost', '127.0.0.1', '0.0.0.0', '::'].includes(host)
  if (!isLocal) return host.includes(':') ? `[${host}]` : host
  const addresses = await lookup('localhost', { all: true }).catch(() => [])
  return addresses.some(({ address }) => address === '127.0.0.1') ? 'localhost' : '127.0.0.1'
}

function firstChainUrl(chains: string | undefined): string | undefined {
  return /=([^,]+)/.exec(chains ?? '')?.[1]
}
